import { Option, type Command } from 'commander';
import type { ResultOf, TadaDocumentNode, VariablesOf } from 'gql.tada';
import { Refusal, type Api } from './api.ts';
import * as documents from './documents.ts';
import { withLimit } from './lists.ts';
import {
  clusterId,
  follow,
  listOperations,
  nodeId,
  operationLines,
  operationOf,
  showOperation,
} from './look.ts';
import type { Means } from './means.ts';
import { each, inCapitals, KINDS, nodeName, type NodeName } from './options.ts';

type Act = TadaDocumentNode<ResultOf<typeof documents.Pause>, VariablesOf<typeof documents.Pause>>;
type Scope = NonNullable<VariablesOf<typeof documents.Pause>['input']['scope']>;

interface ActOptions {
  reason?: string;
  wave?: string;
  cluster?: string;
  node?: NodeName;
  atOnce?: boolean;
}

/** The acts of the API by the same verbs, each on the whole or on a part. */
const ACTS: Record<string, { document: Act; does: string }> = {
  pause: { document: documents.Pause, does: 'nothing more begins until it is resumed' },
  resume: { document: documents.Resume, does: 'lets go what was paused on the same level' },
  promote: { document: documents.Promote, does: 'opens the manual gate of a wave' },
  skip: { document: documents.Skip, does: 'leaves out what has not begun' },
  retry: { document: documents.Retry, does: 'does once more what did not succeed, and only that' },
};

/** `operation list`, `show`, `follow`, and all that is done to an operation. */
export function addActs(operation: Command, means: () => Means): void {
  withLimit(operation.command('list'))
    .description('operations, the newest first')
    .option('--status <status>', 'e.g. running; several times for several', each(inCapitals))
    .option('--kind <kind>', Object.keys(KINDS).join(', '), each(inCapitals))
    .option('--cluster <name>', 'that have to do with this one')
    .option('--search <text>', 'part of the reason or of who started it')
    .action(async ({ limit, status, kind, cluster, search }) => {
      const { api, output } = means();
      const id = cluster === undefined ? undefined : await clusterId(api, cluster);
      await listOperations(api, output, limit, { status, kind, clusterId: id, search });
    });
  withLimit(operation.command('show <operation>'))
    .description('an operation, its waves and its clusters, and why they wait')
    .action(async (id: string, { limit }: { limit: number }) => {
      const { api, output } = means();
      await showOperation(api, output, id, limit);
    });
  operation
    .command('follow <operation>')
    .description('says what becomes of it until it has ended; exits with 3 when it did not succeed')
    .action(async (id: string) => {
      const { api, output } = means();
      if (!(await follow(api, output, id))) process.exitCode = 3;
    });
  for (const [verb, { document, does }] of Object.entries(ACTS))
    withScope(operation.command(`${verb} <operation>`))
      .description(does)
      .action(async (operationId: string, options: ActOptions) => {
        const { api, output } = means();
        const { operation } = await api.ask(document, { input: await inputOf(api, operationId, options) });
        output.tell(operation, () => operationLines(operation));
      });
  withScope(operation.command('abort <operation>'))
    .description('nothing more begins, and what was done stays done')
    .option('--at-once', 'what is under way is left as it is, and who is offline is given up')
    .action(async (operationId: string, options: ActOptions) => {
      const { api, output } = means();
      const input = await inputOf(api, operationId, options);
      const { operation } = await api.ask(documents.Abort, { input, atOnce: options.atOnce ?? false });
      output.tell(operation, () => operationLines(operation));
    });
  for (const [verb, document, does] of [
    ['approve', documents.Approve, 'says yes to an operation that somebody else has started'],
    ['withdraw', documents.Withdraw, 'takes an approval of one’s own back'],
  ] as const)
    withReason(operation.command(`${verb} <operation>`))
      .description(does)
      .action(async (operationId: string, { reason }: ActOptions) => {
        const { api, output } = means();
        const { operation } = await api.ask(document, { input: { operationId, reason } });
        output.tell(operation, () => operationLines(operation));
      });
}

const withReason = (command: Command): Command =>
  command.option('--reason <text>', 'why, for those who read it later');

const withScope = (command: Command): Command =>
  withReason(command)
    .addOption(new Option('--wave <name>', 'only this wave').conflicts(['cluster', 'node']))
    .addOption(new Option('--cluster <name>', 'only this cluster').conflicts(['wave', 'node']))
    .addOption(
      new Option('--node <cluster/node>', 'only this node')
        .argParser(nodeName)
        .conflicts(['wave', 'cluster']),
    );

async function inputOf(api: Api, operationId: string, options: ActOptions) {
  const scope = await scopeOf(api, operationId, options);
  return { operationId, reason: options.reason, scope };
}

/** @throws Refusal NOT_FOUND for what has no such name */
async function scopeOf(
  api: Api,
  id: string,
  { wave, cluster, node }: ActOptions,
): Promise<Scope | undefined> {
  if (cluster !== undefined) return { clusterId: await clusterId(api, cluster) };
  if (node) return { nodeId: await nodeId(api, node) };
  if (wave === undefined) return undefined;
  const found = (await operationOf(api, id)).waves.find(({ name }) => name === wave);
  if (!found) throw new Refusal('NOT_FOUND', `The operation has no wave “${wave}”.`);
  return { wave: found.index };
}
