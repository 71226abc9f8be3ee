import { randomUUID } from 'node:crypto';
import type { Client } from './client.ts';
import { until } from './until.ts';

export interface StepSeen {
  nodeName: string;
  batch: number;
  status: string;
  reason: string | null;
  output: string[];
  instanceBefore: string | null;
  instanceAfter: string | null;
  startedAt: string | null;
  finishedAt: string | null;
}
export interface OperationSeen {
  id: string;
  status: string;
  statusReason: string | null;
  command: { status: string; statusReason: string | null; waitingFor: string | null };
  steps: StepSeen[];
}

/** Starts an operation on one cluster or some of its nodes and answers its id. */
export async function startOperation(client: Client, plan: object): Promise<string> {
  const { startOperation: started } = await client.data(
    'mutation ($input: StartOperationInput!) { startOperation(input: $input) { id } }',
    { input: { plan, reason: 'a story', idempotencyKey: randomUUID() } },
  );
  return started.id;
}

/** An operation of one cluster with all its steps. */
export async function seeOperation(client: Client, id: string): Promise<OperationSeen> {
  const { operation } = await client.data(
    `query ($id: ID!) {
      operation(id: $id) {
        id status statusReason
        commands { edges { node {
          status statusReason waitingFor
          allSteps { nodeName batch status reason output instanceBefore instanceAfter startedAt finishedAt }
        } } }
      }
    }`,
    { id },
  );
  const [{ node }] = operation.commands.edges;
  return { ...operation, command: node, steps: node.allSteps };
}

/** Waits until the operation has ended. */
export const operationEnded = (client: Client, id: string): Promise<OperationSeen> =>
  until(`operation ${id} ends`, async () => {
    const operation = await seeOperation(client, id);
    return ['SUCCEEDED', 'FAILED', 'ABORTED'].includes(operation.status) && operation;
  });
