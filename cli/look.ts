import type { ResultOf, VariablesOf } from 'gql.tada';
import { isPassing, Refusal, type Api } from './api.ts';
import { setTimeout as delay } from 'node:timers/promises';
import * as documents from './documents.ts';
import type { NodeName } from './options.ts';
import { countsInWords, printable, shownOf, table, words, type Output } from './output.ts';
import { firstOf } from './pages.ts';

export type OperationLine = ResultOf<typeof documents.OperationLine>;
type Operation = NonNullable<ResultOf<typeof documents.Operation>['operation']>;

const FOLLOW_EVERY_MS = 1000;
const ENDED = ['SUCCEEDED', 'FAILED', 'ABORTED'];

export async function listClusters(
  api: Api,
  output: Output,
  limit: number,
  filter: VariablesOf<typeof documents.Clusters>['filter'],
): Promise<void> {
  const { rows, total } = await firstOf(
    limit,
    async (page) => (await api.askOften(documents.Clusters, { ...page, filter })).connection,
  );
  output.tell(rows, () => [
    ...table(
      ['NAME', 'KIND', 'STATUS', 'NODES', 'SINCE', 'WHY'],
      rows.map((one) => [
        one.name,
        one.kind,
        words(one.status),
        String(one.nodeTotal),
        one.statusSince,
        one.statusReason,
      ]),
    ),
    ...shownOf(rows.length, total),
  ]);
}

export async function listNodes(
  api: Api,
  output: Output,
  limit: number,
  filter: VariablesOf<typeof documents.Nodes>['filter'],
): Promise<void> {
  const { rows, total } = await firstOf(
    limit,
    async (page) => (await api.askOften(documents.Nodes, { ...page, filter })).system.connection,
  );
  output.tell(rows, () => [
    ...table(
      ['NODE', 'STATUS', 'HOST', 'VERSION', 'SINCE', 'WHY'],
      rows.map((one) => [
        `${one.cluster.name}/${one.name}`,
        words(one.status),
        one.host,
        one.version,
        one.statusSince,
        one.statusReason,
      ]),
    ),
    ...shownOf(rows.length, total),
  ]);
}

export async function listOperations(
  api: Api,
  output: Output,
  limit: number,
  filter: VariablesOf<typeof documents.Operations>['filter'],
): Promise<void> {
  const { rows, total } = await firstOf(
    limit,
    async (page) => (await api.askOften(documents.Operations, { ...page, filter })).connection,
  );
  output.tell(rows, () => [
    ...table(
      ['ID', 'KIND', 'STATUS', 'BEGAN', 'BY', 'REASON'],
      rows.map((one) => [
        one.id,
        words(one.kind),
        words(one.status),
        one.startedAt ?? (one.startsAt ? `to begin ${one.startsAt}` : ''),
        one.actor,
        one.reason,
      ]),
    ),
    ...shownOf(rows.length, total),
  ]);
}

/** An operation with its waves, and its clusters one by one. */
export async function showOperation(api: Api, output: Output, id: string, limit: number): Promise<void> {
  const operation = await operationOf(api, id);
  const { rows, total } = await firstOf(
    limit,
    async (page) => (await api.askOften(documents.Commands, { id, ...page })).operation?.connection ?? null,
  );
  output.tell({ ...operation, commands: rows }, () => [
    ...operationLines(operation),
    ...table(
      ['WAVE', 'STATUS', 'CLUSTERS', 'WHY'],
      operation.waves.map((wave) => [
        wave.name,
        words(wave.status),
        countsInWords(wave.commandCounts),
        why(wave),
      ]),
    ),
    '',
    ...table(
      ['CLUSTER', 'WAVE', 'STATUS', 'NODES', 'WHY'],
      rows.map((one) => [
        one.cluster.name,
        one.wave.name,
        words(one.status),
        countsInWords(one.stepCounts),
        why(one),
      ]),
    ),
    ...shownOf(rows.length, total),
  ]);
}

/** @throws Refusal NOT_FOUND */
export async function operationOf(api: Api, id: string): Promise<Operation> {
  const { operation } = await api.askOften(documents.Operation, { id });
  if (!operation) throw new Refusal('NOT_FOUND', `There is no operation ${id}.`);
  return operation;
}

interface Waits {
  statusReason: string | null;
  hold: { reason: string; freedBy: string } | null;
}
const why = ({ statusReason, hold }: Waits): string =>
  hold ? `${hold.reason} ${hold.freedBy}` : (statusReason ?? '');

export const operationLines = (one: OperationLine): string[] => [
  `${one.id}  ${words(one.kind)}: ${words(one.status)}`,
  `  ${printable(one.reason)} (${printable(one.actor)}, ${one.createdAt})`,
  `  clusters: ${countsInWords(one.commandCounts) || 'none'}; nodes: ${countsInWords(one.stepCounts) || 'none'}`,
  ...(why(one) ? [`  ${one.hold ? 'waits: ' : ''}${printable(why(one))}`] : []),
];

/**
 * Says what becomes of an operation until it has ended, also while the OC is away for a time.
 * @returns whether it succeeded
 */
export async function follow(api: Api, output: Output, id: string): Promise<boolean> {
  let told = '';
  for (;;) {
    const operation = await operationOf(api, id).catch((error: unknown) => {
      if (!isPassing(error)) throw error;
      return null;
    });
    const lines = operation
      ? operationLines(operation).slice(2)
      : ['  The OC is away; what was begun goes on.'];
    const state = operation ? [words(operation.status), ...lines].join('\n') : lines.join('\n');
    if (state !== told) output.tell(operation ?? { away: true }, () => state.split('\n'));
    told = state;
    if (operation && ENDED.includes(operation.status)) return operation.status === 'SUCCEEDED';
    await delay(FOLLOW_EVERY_MS);
  }
}

/** @throws Refusal NOT_FOUND for a name that no cluster has */
export async function clusterId(api: Api, name: string): Promise<string> {
  const { rows } = await firstOf(
    Infinity,
    async (page) =>
      (await api.askOften(documents.Clusters, { ...page, filter: { search: name } })).connection,
  );
  const found = rows.find((one) => one.name === name);
  if (!found) throw new Refusal('NOT_FOUND', `There is no cluster “${name}”.`);
  return found.id;
}

/** @throws Refusal NOT_FOUND for a name that no node has */
export async function nodeId(api: Api, { cluster, name }: NodeName): Promise<string> {
  const filter = { clusterId: await clusterId(api, cluster), search: name };
  const { rows } = await firstOf(
    Infinity,
    async (page) => (await api.askOften(documents.Nodes, { ...page, filter })).system.connection,
  );
  const found = rows.find((one) => one.name === name);
  if (!found) throw new Refusal('NOT_FOUND', `There is no node “${name}” in ${cluster}.`);
  return found.id;
}
