import { graphql, type FragmentOf } from '$lib/kit/graphql.ts';

export const StrategyParts = graphql(`
  fragment StrategyParts on SavedStrategy {
    id
    name
    createdBy
    rolling {
      batchSize {
        count
        percent
      }
      maxUnavailable {
        count
        percent
      }
      stopAfterFailures {
        count
        percent
      }
      byZone
      order
      lastRoles
      healthTimeoutSeconds
      minHealthySeconds
      pauseSeconds
    }
    rollout {
      approvals
      clustersAtOnce
      soakSeconds
      onExceeded
      failureBudget {
        count
        percent
      }
      offlineBudget {
        count
        percent
      }
      waves {
        name
        amount {
          count
          percent
        }
        clusterNames
        labels {
          key
          value
        }
        manualGate
        soakSeconds
      }
    }
  }
`);

export const SavedStrategies = graphql(
  `
    query SavedStrategies {
      savedStrategies(first: 200) {
        totalCount
        edges {
          node {
            ...StrategyParts
          }
        }
      }
    }
  `,
  [StrategyParts],
);

export const SaveStrategy = graphql(
  `
    mutation SaveStrategy($input: SavedStrategyInput!) {
      createSavedStrategy(input: $input) {
        ...StrategyParts
      }
    }
  `,
  [StrategyParts],
);

export const DeleteStrategy = graphql(`
  mutation DeleteStrategy($input: DeleteSavedInput!) {
    deleteSavedStrategy(input: $input) {
      id
    }
  }
`);

export const SelectionParts = graphql(`
  fragment SelectionParts on SavedSelection {
    id
    name
    createdBy
    clusters {
      names
      labels {
        key
        value
      }
    }
  }
`);

export const SavedSelections = graphql(
  `
    query SavedSelections {
      savedSelections(first: 200) {
        totalCount
        edges {
          node {
            ...SelectionParts
          }
        }
      }
    }
  `,
  [SelectionParts],
);

export const SaveSelection = graphql(
  `
    mutation SaveSelection($input: SavedSelectionInput!) {
      createSavedSelection(input: $input) {
        ...SelectionParts
      }
    }
  `,
  [SelectionParts],
);

export const DeleteSelection = graphql(`
  mutation DeleteSelection($input: DeleteSavedInput!) {
    deleteSavedSelection(input: $input) {
      id
    }
  }
`);

export type StrategyParts = FragmentOf<typeof StrategyParts>;
export type SelectionParts = FragmentOf<typeof SelectionParts>;
