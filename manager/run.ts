import type { ClusterDriver, Guard } from './drivers/driver.ts';
import type { CommandHead, CommandRecord, StepRecord } from './journal.ts';
import type { News } from './news.ts';
import { decide } from './rolling.ts';
import { runStep } from './step.ts';

export interface RunContext {
  command: CommandRecord;
  driver: ClusterDriver;
  guard: Guard;
  /** Told of every change of a node and of the command. */
  news: News;
  /** Writes to the journal before it returns, and tells the OC. */
  save(head: Partial<CommandHead> | undefined, steps: StepRecord[]): void;
  /** See RunView. */
  confirmBy(): number | null;
  signal: AbortSignal;
}

/**
 * Carries a command to its end, whatever was done of it before.
 * @throws Fenced, Released, or the signal's reason: it stays as it is, for the successor.
 */
export async function runCommand(context: RunContext): Promise<void> {
  const { command, driver, guard, news, save, signal } = context;
  const changed = (nodeNames: readonly string[], change: (step: StepRecord) => Partial<StepRecord>) => {
    const chosen = new Set(nodeNames);
    return command.steps
      .filter(({ nodeName }) => chosen.has(nodeName))
      .map((step) => ({ ...step, ...change(step) }));
  };
  if (command.stoppedBefore === null) {
    const stopped = driver.nodes().filter(({ status }) => status === 'STOPPED');
    save({ status: 'RUNNING', waitingFor: null, stoppedBefore: stopped.map(({ name }) => name) }, []);
  }
  let batchEndedAt = lastBatchEnd(command.steps);
  let heldSince: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const decision = decide({
      rolling: command.rolling,
      pauseRequested: command.pauseRequested,
      abortRequested: command.abortRequested || command.dropped,
      abortAtOnce: command.abortAtOnce,
      confirmBy: context.confirmBy(),
      steps: command.steps,
      nodes: new Map(driver.nodes().map(({ name, status }) => [name, status])),
      stoppedBefore: new Set(command.stoppedBefore),
      now: performance.now(),
      batchEndedAt,
      heldSince,
    });
    if (decision.act !== 'wait' || !decision.held) heldSince = null;
    const now = new Date().toISOString();
    switch (decision.act) {
      case 'begin':
        guard.check();
        save(
          { waitingFor: null },
          changed(decision.nodeNames, ({ nodeName }) => ({
            status: command.kind !== 'START' && driver.node(nodeName)?.instance ? 'STOPPING' : 'STARTING',
            instanceBefore: driver.node(nodeName)?.instance ?? null,
            startedAt: now,
          })),
        );
        break;
      case 'work': {
        const stepContext = {
          ...context,
          save: (nodeName: string, change: Partial<StepRecord>) =>
            save(
              undefined,
              changed([nodeName], () => change),
            ),
        };
        await Promise.all(decision.nodeNames.map((nodeName) => runStep(stepContext, nodeName)));
        batchEndedAt = performance.now();
        break;
      }
      case 'skip':
        save(
          undefined,
          changed(decision.nodeNames, () => ({
            status: 'SKIPPED',
            reason: decision.reason,
            finishedAt: now,
          })),
        );
        break;
      case 'wait': {
        if (decision.held) heldSince ??= performance.now();
        const { nodeNames, waitingFor } = decision;
        const waiting = changed(nodeNames, () => ({ status: 'WAITING' })).filter(
          ({ nodeName }) => command.steps.find((step) => step.nodeName === nodeName)?.status !== 'WAITING',
        );
        if (waiting.length > 0 || waitingFor !== command.waitingFor) save({ waitingFor }, waiting);
        await news.wait(decision.until === null ? null : decision.until - performance.now(), signal);
        break;
      }
      case 'finish': {
        const open = command.steps.filter(({ status }) => status === 'PENDING' || status === 'WAITING');
        const skipped = open.map((step) => ({
          ...step,
          status: 'SKIPPED' as const,
          reason: decision.skipReason,
          finishedAt: now,
        }));
        save({ status: decision.status, statusReason: decision.reason, waitingFor: null }, skipped);
        return;
      }
    }
  }
}

/**
 * When the last batch ended, by this process's monotonic clock; null when none has. From the journal's times, so that a
 * manager that takes over in the pause between two batches keeps what is left of it.
 */
function lastBatchEnd(steps: readonly StepRecord[]): number | null {
  const ends = steps.flatMap(({ finishedAt }) => (finishedAt === null ? [] : [Date.parse(finishedAt)]));
  if (ends.length === 0) return null;
  return performance.now() - Math.max(0, Date.now() - Math.max(...ends));
}
