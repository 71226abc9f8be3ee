import { randomUUID } from 'node:crypto';
import type { Oc } from './oc.ts';
import { until } from './until.ts';
import { WireManager, running } from './wire-manager.ts';

export const PLAN = `query ($input: OperationInput!) {
  planOperation(input: $input) {
    digest nodeCount warnings rolling { batchSize { count } maxUnavailable { count } }
    clusters(first: 10) {
      totalCount
      edges { node {
        cluster { name } warnings
        batches { edges { node { index nodes { edges { node { name status } } } } } }
        excluded { edges { node { name reason } } }
      } }
    }
  }
}`;
export const START = `mutation ($input: StartOperationInput!) { startOperation(input: $input) { id status } }`;
export const ABORT = `mutation ($id: ID!) { abortOperation(input: { operationId: $id, reason: "enough" }) { status } }`;
export const OPERATION = `query ($id: ID!) {
  operation(id: $id) {
    status statusReason reason actor abortRequestedAt stepCounts { status count } commandCounts { status count }
    commands { edges { node { id status statusReason hold { rule reason } steps { edges { node { nodeName status reason } } } } } }
    history(first: 100) { edges { node { kind summary actor } } }
  }
}`;

/** An answer with each of its connections as the list of what is on its page. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are asserted on, not programmed against
export function unpaged(value: any): any {
  if (Array.isArray(value)) return value.map(unpaged);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value.edges)) return value.edges.map(({ node }: { node: unknown }) => unpaged(node));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpaged(part)]));
}

/** What stories about operations do again and again; `oc` is asked for late, because a story starts it first. */
export function operator(oc: () => Pick<Oc, 'client'>) {
  const rolling = (manager: WireManager, more: object = {}) => ({
    kind: 'ROLLING_RESTART',
    targets: { clusterIds: [manager.clusterId] },
    ...more,
  });
  const start = async (plan: object, more: object = {}) =>
    (
      await oc().client.data(START, {
        input: { plan, reason: 'because', idempotencyKey: randomUUID(), ...more },
      })
    ).startOperation.id as string;
  const operation = async (id: string) => (await oc().client.data(OPERATION, { id })).operation;
  /** The operation, when the runner has seen that it has ended. */
  const ended = (id: string) =>
    until(`operation ${id} ends`, async () => {
      const seen = await operation(id);
      return ['SUCCEEDED', 'FAILED', 'ABORTED'].includes(seen.status) && seen;
    });
  const cluster = async (name: string, ...nodes: string[]) => {
    const manager = await WireManager.join(oc().client, name);
    await manager.snapshot(running(...nodes));
    return manager;
  };
  return { rolling, start, operation, ended, cluster };
}
