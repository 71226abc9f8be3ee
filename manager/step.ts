import { Released, type ClusterDriver } from './drivers/driver.ts';
import { Fenced } from './fence.ts';
import type { CommandRecord, StepRecord } from './journal.ts';
import type { News } from './news.ts';

export interface StepContext {
  command: CommandRecord;
  driver: ClusterDriver;
  /** Tells of every change of a node. */
  news: News;
  /** Writes the step's change to the journal before it returns, and tells the OC. */
  save(nodeName: string, change: Partial<StepRecord>): void;
  signal: AbortSignal;
}

/** For what has no rolling strategy; seconds. */
export const DEFAULT_HEALTH_TIMEOUT = 60;

/**
 * Carries one step, whose intent is in the journal, to its end. Also after a crash at any point: when another
 * instance runs than before the step, the restart has happened, and only its outcome is waited for.
 *
 * @throws Fenced, Released: the step stays as it is, for the successor.
 */
export async function runStep(context: StepContext, nodeName: string): Promise<void> {
  try {
    if (context.command.kind === 'SHUTDOWN') await shutDown(context, nodeName);
    else await restart(context, nodeName);
  } catch (error) {
    if (context.signal.aborted || error instanceof Fenced || error instanceof Released) throw error;
    fail(context, nodeName, (error as Error).message);
  }
}

async function shutDown({ command, driver, save }: StepContext, nodeName: string): Promise<void> {
  const { note } = await driver.stop(nodeName, command.mode);
  save(nodeName, { status: 'SUCCEEDED', reason: note, finishedAt: now() });
}

async function restart(context: StepContext, nodeName: string): Promise<void> {
  const { command, driver, save } = context;
  const { instanceBefore } = stepOf(command, nodeName);
  const instance = driver.node(nodeName)?.instance ?? null;
  if (instance === instanceBefore && instance !== null) {
    const { note } = await driver.stop(nodeName, command.mode);
    save(nodeName, { status: 'STARTING', reason: note });
  }
  // When it does not run, it was stopped for this step or was not running before; when another instance runs, start
  // finds nothing to do.
  await driver.start(nodeName);
  save(nodeName, { status: 'CHECKING' });
  await check(context, nodeName);
}

/** Waits until the new instance is healthy, for as long as the strategy says. */
async function check(context: StepContext, nodeName: string): Promise<void> {
  const { command, driver, news, save, signal } = context;
  const { instanceBefore } = stepOf(command, nodeName);
  const seconds = command.rolling?.healthTimeoutSeconds ?? DEFAULT_HEALTH_TIMEOUT;
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    signal.throwIfAborted();
    const node = driver.node(nodeName);
    if (!node) return fail(context, nodeName, 'It left the cluster while it was restarted.');
    if (node.status === 'RUNNING' && node.instance !== null && node.instance !== instanceBefore) {
      return save(nodeName, { status: 'SUCCEEDED', instanceAfter: node.instance, finishedAt: now() });
    }
    const why = node.statusReason ? `${node.status}. ${node.statusReason}` : `${node.status}.`;
    if (node.status === 'DOWN' && !node.returning)
      return fail(context, nodeName, `It did not come back: ${why}`);
    const left = deadline - performance.now();
    if (left <= 0) return fail(context, nodeName, `It was not healthy within ${seconds} s: ${why}`);
    await news.wait(left, signal);
  }
}

function fail({ driver, save }: StepContext, nodeName: string, reason: string): void {
  save(nodeName, {
    status: 'FAILED',
    reason,
    output: driver.lastOutput(nodeName),
    instanceAfter: driver.node(nodeName)?.instance ?? null,
    finishedAt: now(),
  });
}

const stepOf = (command: CommandRecord, nodeName: string): StepRecord =>
  command.steps.find((step) => step.nodeName === nodeName)!;
const now = (): string => new Date().toISOString();
