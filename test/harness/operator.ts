import { randomUUID } from 'node:crypto';
import type { Oc } from './oc.ts';
import { WireManager, running } from './wire-manager.ts';

export const PLAN = `query ($input: OperationInput!) {
  planOperation(input: $input) {
    digest nodeCount warnings rolling { batchSize maxUnavailable }
    clusters { cluster { name } warnings batches { index nodes { name status } } excluded { name reason } }
  }
}`;
export const START = `mutation ($input: StartOperationInput!) { startOperation(input: $input) { id status } }`;
export const ABORT = `mutation ($id: ID!) { abortOperation(id: $id, reason: "enough") { status } }`;
export const OPERATION = `query ($id: ID!) {
  operation(id: $id) {
    status statusReason reason actor abortRequestedAt stepCounts { status count } commandCounts { status count }
    commands { edges { node { id status statusReason waitingFor steps { edges { node { nodeName status reason } } } } } }
    history(first: 100) { edges { node { kind summary actor } } }
  }
}`;

/** What stories about operations do again and again; `oc` is asked for late, because a story starts it first. */
export function operator(oc: () => Oc) {
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
  const cluster = async (name: string, ...nodes: string[]) => {
    const manager = await WireManager.join(oc().client, name);
    await manager.snapshot(running(...nodes));
    return manager;
  };
  return { rolling, start, operation, cluster };
}
