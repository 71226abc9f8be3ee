import { Released, type ClusterDriver, type DriverNode } from './drivers/driver.ts';
import { Fenced } from './fence.ts';
import { judge } from './health.ts';
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
 * When the command is aborted at once, a stop that was begun and the start that belongs to it are finished all the same,
 * since a node that is left half stopped needs somebody to look after it; only its health is not waited for.
 *
 * @throws Fenced, Released: the step stays as it is, for the successor.
 */
export async function runStep(context: StepContext, nodeName: string): Promise<void> {
  try {
    const { kind, abortAtOnce } = context.command;
    // The abort came between the intent and the act, of this manager or of its predecessor.
    if (abortAtOnce && isUntouched(context, nodeName))
      fail(context, nodeName, 'Aborted at once: nothing was done to it.');
    else if (kind === 'SHUTDOWN') await shutDown(context, nodeName);
    else if (kind === 'START') await start(context, nodeName);
    else await restart(context, nodeName);
  } catch (error) {
    if (context.signal.aborted || error instanceof Fenced || error instanceof Released) throw error;
    fail(context, nodeName, (error as Error).message);
  }
}

/** What ran before the step runs still, and is not on its way out. */
function isUntouched({ command, driver }: StepContext, nodeName: string): boolean {
  const { instance = null, status } = driver.node(nodeName) ?? {};
  return instance === stepOf(command, nodeName).instanceBefore && status !== 'STOPPING';
}

async function shutDown({ command, driver, save }: StepContext, nodeName: string): Promise<void> {
  const { note } = await driver.stop(nodeName, command.mode);
  save(nodeName, { status: 'SUCCEEDED', reason: note, finishedAt: isoNow() });
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
  await check(context, nodeName, ({ instance }) => instance !== instanceBefore);
}

async function start(context: StepContext, nodeName: string): Promise<void> {
  await context.driver.start(nodeName);
  context.save(nodeName, { status: 'CHECKING' });
  await check(context, nodeName, () => true);
}

/** Waits until the instance that is meant is healthy, for as long as the strategy says. */
async function check(
  context: StepContext,
  nodeName: string,
  isMeant: (node: DriverNode) => boolean,
): Promise<void> {
  const { command, driver, news, save, signal } = context;
  const seconds = command.rolling?.healthTimeoutSeconds ?? DEFAULT_HEALTH_TIMEOUT;
  const minHealthySeconds = command.rolling?.minHealthySeconds ?? 0;
  const deadline = performance.now() + seconds * 1000;
  let healthy: { instance: string | null; since: number } = { instance: null, since: 0 };
  for (;;) {
    signal.throwIfAborted();
    const node = driver.node(nodeName);
    const now = performance.now();
    const instance = node?.status === 'RUNNING' && isMeant(node) ? node.instance : null;
    if (instance !== healthy.instance) healthy = { instance, since: now };
    const verdict = judge({
      node,
      healthySince: instance === null ? null : healthy.since,
      healthTimeoutSeconds: seconds,
      minHealthySeconds,
      deadline,
      abortAtOnce: command.abortAtOnce,
      now,
    });
    if (verdict.is === 'healthy')
      return save(nodeName, { status: 'SUCCEEDED', instanceAfter: instance, finishedAt: isoNow() });
    if (verdict.is === 'failed') return fail(context, nodeName, verdict.reason);
    await news.wait(verdict.until - now, signal);
  }
}

function fail({ driver, save }: StepContext, nodeName: string, reason: string): void {
  save(nodeName, {
    status: 'FAILED',
    reason,
    output: driver.lastOutput(nodeName),
    instanceAfter: driver.node(nodeName)?.instance ?? null,
    finishedAt: isoNow(),
  });
}

const stepOf = (command: CommandRecord, nodeName: string): StepRecord =>
  command.steps.find((step) => step.nodeName === nodeName)!;
const isoNow = (): string => new Date().toISOString();
