import { randomUUID } from 'node:crypto';
import { Argument, type Command } from 'commander';
import type { Api } from './api.ts';
import * as documents from './plan-documents.ts';
import { follow, nodeId, operationLines, type OperationLine } from './look.ts';
import type { Means } from './means.ts';
import {
  KINDS,
  kindOf,
  operationInput,
  withOperationOptions,
  type Kind,
  type OperationInput,
  type OperationOptions,
} from './options.ts';
import type { Output } from './output.ts';
import { confirmed, planLines, type Plan } from './plan.ts';

interface StartOptions {
  reason: string;
  key?: string;
  yes?: boolean;
  follow?: boolean;
}
type NewOptions = OperationOptions & StartOptions & { at?: string; override?: string };

/** How the operation that a command line has started ended otherwise than well. */
const NOT_SUCCEEDED = 3;
const WRONGLY_CALLED = 2;

/** `operation plan`, `operation start` and `operation revert`. */
export function addStarts(operation: Command, means: () => Means): void {
  const kind = () => new Argument('<kind>', Object.keys(KINDS).join(', ')).argParser(kindOf);
  withOperationOptions(operation.command('plan').addArgument(kind()))
    .description('what would be done: nothing is')
    .action(async (kind: Kind, options: OperationOptions) => {
      const { api, output } = means();
      const { plan } = await api.askOften(documents.PlanOperation, {
        input: await inputOf(api, kind, options),
      });
      output.tell(plan, () => planLines(plan));
    });
  withStartOptions(withOperationOptions(operation.command('start').addArgument(kind())))
    .description('shows what would be done, asks, and starts exactly that')
    .option('--at <time>', 'not before, e.g. 2030-01-31T22:00:00Z')
    .option('--override <reason>', 'heeds no freeze and no maintenance window, for this reason')
    .action(async (kind: Kind, options: NewOptions, command: Command) => {
      const { api, output } = means();
      const input = await inputOf(api, kind, options);
      const { plan } = await api.askOften(documents.PlanOperation, { input });
      await agreed(command, output, plan, options);
      const { operation } = await api.askOften(documents.StartOperation, {
        input: {
          plan: input,
          planDigest: plan.digest,
          reason: options.reason,
          idempotencyKey: options.key ?? randomUUID(),
          ...(options.at !== undefined && { startsAt: options.at }),
          ...(options.override !== undefined && { override: { reason: options.override } }),
        },
      });
      await started(api, output, operation, options);
    });
  withStartOptions(operation.command('revert <operation>'))
    .description('takes back what an ended one did: shows the plan, asks, and starts it')
    .action(async (operationId: string, options: StartOptions, command: Command) => {
      const { api, output } = means();
      const { plan } = await api.askOften(documents.PlanRevert, { operationId });
      await agreed(command, output, plan, options);
      const { operation } = await api.askOften(documents.RevertOperation, {
        input: {
          operationId,
          planDigest: plan.digest,
          reason: options.reason,
          idempotencyKey: options.key ?? randomUUID(),
        },
      });
      await started(api, output, operation, options);
    });
}

const withStartOptions = (command: Command): Command =>
  command
    .optionsGroup('Start:')
    .requiredOption('--reason <text>', 'why, for those who read it later')
    .option('--yes', 'without asking')
    .option('--key <text>', 'the same key starts one operation, however often it is sent')
    .option('--follow', 'says what becomes of it until it has ended');

async function inputOf(api: Api, kind: Kind, options: OperationOptions): Promise<OperationInput> {
  const ids: string[] = [];
  for (const node of options.node ?? []) ids.push(await nodeId(api, node));
  return operationInput(kind, options, ids);
}

/** Shows the plan; goes on when somebody says yes to it, or has said so before. */
async function agreed(command: Command, output: Output, plan: Plan, { yes }: StartOptions): Promise<void> {
  if (yes) return;
  for (const line of planLines(plan)) console.error(line);
  if (await confirmed('Start it?')) return;
  command.error('Not started: say yes, or call it with --yes.', { exitCode: WRONGLY_CALLED });
}

async function started(
  api: Api,
  output: Output,
  operation: OperationLine,
  options: StartOptions,
): Promise<void> {
  output.tell(operation, () => operationLines(operation));
  if (options.follow && !(await follow(api, output, operation.id))) process.exitCode = NOT_SUCCEEDED;
}
