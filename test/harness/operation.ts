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
  command: { status: string; statusReason: string | null; hold: { rule: string; reason: string } | null };
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
          status statusReason hold { rule reason }
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

interface Span {
  startedAt: string | null;
  finishedAt: string | null;
}

/**
 * The most of these that were under way at once, by the times of the one clock that wrote them. What ends as another
 * begins is over. Each must have begun and ended.
 */
export function mostAtOnce(spans: readonly Span[]): number {
  const moments = spans.flatMap(({ startedAt, finishedAt }) => {
    if (!startedAt || !finishedAt) throw new Error('It has not begun, or not ended.');
    return [
      { at: Date.parse(startedAt), by: 1 },
      { at: Date.parse(finishedAt), by: -1 },
    ];
  });
  let count = 0;
  let most = 0;
  for (const { by } of moments.sort((a, b) => a.at - b.at || a.by - b.by)) {
    count += by;
    most = Math.max(most, count);
  }
  return most;
}

/** Each batch from its first step's start to its last step's end, in their order. */
export function batchSpans(steps: readonly StepSeen[]): Span[] {
  return [...new Set(steps.map(({ batch }) => batch))].sort().map((batch) => {
    const ofBatch = steps.filter((step) => step.batch === batch);
    return {
      startedAt: ofBatch.map(({ startedAt }) => startedAt ?? '').sort()[0] ?? null,
      finishedAt:
        ofBatch
          .map(({ finishedAt }) => finishedAt ?? '')
          .sort()
          .at(-1) ?? null,
    };
  });
}
