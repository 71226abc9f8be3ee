import { OperationLine } from './documents.ts';
import { graphql } from './graphql.ts';

const PlanParts = graphql(`
  fragment PlanParts on OperationPlan @_unmask {
    digest
    kind
    mode
    nodeCount
    estimate {
      seconds
      p90Seconds
      steps
    }
    warnings
    approvalsNeeded
    waves {
      index
      name
      clusterCount
      manualGate
      soakSeconds
    }
    clusters(first: 50) {
      totalCount
      edges {
        node {
          wave
          warnings
          cluster {
            name
          }
          batches(first: 20) {
            totalCount
            edges {
              node {
                nodes(first: 20) {
                  totalCount
                  edges {
                    node {
                      name
                    }
                  }
                }
              }
            }
          }
          excluded(first: 20) {
            totalCount
            edges {
              node {
                name
                reason
              }
            }
          }
        }
      }
    }
  }
`);

export const PlanOperation = graphql(
  `
    query PlanOperation($input: OperationInput!) {
      plan: planOperation(input: $input) {
        ...PlanParts
      }
    }
  `,
  [PlanParts],
);

export const PlanRevert = graphql(
  `
    query PlanRevert($operationId: ID!) {
      plan: planRevert(operationId: $operationId) {
        ...PlanParts
      }
    }
  `,
  [PlanParts],
);

export const StartOperation = graphql(
  `
    mutation StartOperation($input: StartOperationInput!) {
      operation: startOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);

export const RevertOperation = graphql(
  `
    mutation RevertOperation($input: RevertOperationInput!) {
      operation: revertOperation(input: $input) {
        ...OperationLine
      }
    }
  `,
  [OperationLine],
);
