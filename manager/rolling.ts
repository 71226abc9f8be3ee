import type { CommandStatus, NodeReport, Rolling, StepStatus } from './graphql.ts';

/** All that a decision on a command rests on. Times are milliseconds of a clock that never jumps. */
export interface RunView {
  /** Null for what is done all at once. */
  rolling: Rolling | null;
  /** What is wanted of it: see CommandHead. */
  pauseRequested: boolean;
  abortRequested: boolean;
  abortAtOnce: boolean;
  /** Until when the OC's word on a command taken over is waited for; null: it has come, or is not needed. */
  confirmBy: number | null;
  steps: readonly StepView[];
  /** All nodes of the cluster; one that is not here has left. */
  nodes: ReadonlyMap<string, NodeReport['status']>;
  /** Nodes that were stopped on purpose before the command began. */
  stoppedBefore: ReadonlySet<string>;
  now: number;
  /** When the last batch ended; null: none has, since this manager is at it. */
  batchEndedAt: number | null;
  /** Since when too many nodes are unavailable for the next batch; null: they are not. */
  heldSince: number | null;
}

export interface StepView {
  nodeName: string;
  batch: number;
  status: StepStatus;
  skipRequested: boolean;
  pauseRequested: boolean;
}

export type Decision =
  /** Steps are under way: carry on with them. */
  | { act: 'work'; nodeNames: string[] }
  | { act: 'skip'; nodeNames: string[]; reason: string }
  | { act: 'begin'; nodeNames: string[] }
  /**
   * Look again when something changes, at the latest at `until` (null: nothing but a change frees it). `held`: by nodes
   * that are unavailable.
   */
  | { act: 'wait'; nodeNames: string[]; waitingFor: string; until: number | null; held: boolean }
  /** It is over; steps that were not begun are skipped with `skipReason`. */
  | {
      act: 'finish';
      status: Extract<CommandStatus, 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'SKIPPED'>;
      reason: string | null;
      skipReason: string;
    };

const UNDER_WAY = new Set<StepStatus>(['STOPPING', 'STARTING', 'CHECKING']);
const OPEN = new Set<StepStatus>(['PENDING', 'WAITING']);

/** What to do next with a command. Called again after each act and each change, until it says `finish`. */
export function decide(view: RunView): Decision {
  const { steps, rolling, now } = view;
  const underWay = steps.filter(({ status }) => UNDER_WAY.has(status));
  if (underWay.length > 0) return { act: 'work', nodeNames: names(underWay) };

  const open = steps.filter(({ status }) => OPEN.has(status));
  const left = open.filter(({ nodeName }) => !view.nodes.has(nodeName));
  if (left.length > 0)
    return { act: 'skip', nodeNames: names(left), reason: 'The node has left the cluster.' };
  const unwanted = open.filter(({ skipRequested }) => skipRequested);
  if (unwanted.length > 0)
    return { act: 'skip', nodeNames: names(unwanted), reason: 'Skipped by an operator.' };

  const failed = steps.filter(({ status }) => status === 'FAILED');
  if (view.abortAtOnce && open.length + failed.length > 0) {
    const reason = `Aborted at once: of ${nodesOf(steps.length)}, ${open.length} not begun and ${failed.length} failed or not waited for.`;
    return { act: 'finish', status: 'ABORTED', reason, skipReason: 'Aborted before its turn.' };
  }
  if (open.length === 0) return finished(view, failed);
  if (rolling && failed.length >= rolling.stopAfterFailures) {
    return fail(`${nodesOf(failed.length)} failed (${shortList(names(failed))}): no further batch is begun.`);
  }
  if (view.abortRequested) {
    const reason = `Aborted: ${nodesOf(open.length)} of ${steps.length} not begun.`;
    return { act: 'finish', status: 'ABORTED', reason, skipReason: 'Aborted before its turn.' };
  }

  const next = rolling ? Math.min(...open.map(({ batch }) => batch)) : null;
  const nodeNames = names(next === null ? open : open.filter(({ batch }) => batch === next));
  const waitFor = (waitingFor: string, until: number | null, held = false): Decision => ({
    act: 'wait',
    nodeNames,
    waitingFor,
    until,
    held,
  });
  if (view.confirmBy !== null && now < view.confirmBy) {
    return waitFor(
      'This manager has taken the command over and asks the OC whether it still stands; without an answer it goes on within seconds.',
      view.confirmBy,
    );
  }
  const paused = whyPaused(view, nodeNames);
  if (paused) return waitFor(paused, null);
  if (!rolling) return { act: 'begin', nodeNames };

  const pauseEnds = (view.batchEndedAt ?? -Infinity) + rolling.pauseSeconds * 1000;
  if (now < pauseEnds) {
    return waitFor(`The pause of ${rolling.pauseSeconds} s between batches; it ends by itself.`, pauseEnds);
  }

  if (nodeNames.length > rolling.maxUnavailable) {
    return fail(
      `A batch of ${nodesOf(nodeNames.length)} can never begin: max unavailable is ${rolling.maxUnavailable}.`,
    );
  }
  const unavailable = unavailableNodes(view, new Set(nodeNames));
  if (unavailable.length + nodeNames.length <= rolling.maxUnavailable) return { act: 'begin', nodeNames };
  const why = `max unavailable is ${rolling.maxUnavailable}, and ${describe(view, unavailable)}`;
  const deadline = (view.heldSince ?? now) + rolling.healthTimeoutSeconds * 1000;
  if (now >= deadline) {
    return fail(
      `The next batch (${shortList(nodeNames)}) could not begin within ${rolling.healthTimeoutSeconds} s: ${why}.`,
    );
  }
  const free = unavailable.length + nodeNames.length - rolling.maxUnavailable;
  const how = free === unavailable.length ? 'once they run' : `once ${free} of them run`;
  const freed = unavailable.length === 1 ? 'once it runs' : how;
  return waitFor(
    `The next batch (${shortList(nodeNames)}) waits: ${why}. It begins ${freed}, or the command fails after ${rolling.healthTimeoutSeconds} s.`,
    deadline,
    true,
  );
}

/** Null: nobody has paused the command, or a node of what comes next. */
function whyPaused({ pauseRequested, steps, rolling }: RunView, next: readonly string[]): string | null {
  if (pauseRequested) return 'It is paused. It goes on once someone resumes it.';
  const paused = names(steps.filter((step) => step.pauseRequested && next.includes(step.nodeName)));
  if (paused.length === 0) return null;
  const what = rolling ? `The next batch (${shortList(next)})` : 'It';
  const [are, them] = paused.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${what} waits: ${shortList(paused)} ${are} paused. It begins once someone resumes or skips ${them}.`;
}

/**
 * Nodes that are other than RUNNING, the batch's own aside. Those that were stopped on purpose before the command
 * began were not available anyway, until the command itself has restarted them.
 */
function unavailableNodes({ nodes, steps, stoppedBefore }: RunView, batch: ReadonlySet<string>): string[] {
  const begun = new Set(names(steps.filter(({ status }) => !OPEN.has(status))));
  return [...nodes]
    .filter(([name, status]) => {
      if (status === 'RUNNING' || batch.has(name)) return false;
      return !(status === 'STOPPED' && stoppedBefore.has(name) && !begun.has(name));
    })
    .map(([name]) => name);
}

function finished({ steps }: RunView, failed: readonly StepView[]): Decision {
  const skipReason = 'The command has ended.';
  if (failed.length > 0) {
    const reason = `${failed.length} of ${nodesOf(steps.length)} failed: ${shortList(names(failed))}.`;
    return { act: 'finish', status: 'FAILED', reason, skipReason };
  }
  const skipped = steps.filter(({ status }) => status === 'SKIPPED').length;
  if (skipped === steps.length && steps.some(({ skipRequested }) => skipRequested)) {
    return { act: 'finish', status: 'SKIPPED', reason: 'All of its nodes were left out.', skipReason };
  }
  const reason = skipped > 0 ? `${skipped} of ${nodesOf(steps.length)} skipped.` : null;
  return { act: 'finish', status: 'SUCCEEDED', reason, skipReason };
}

const fail = (reason: string): Decision => ({ act: 'finish', status: 'FAILED', reason, skipReason: reason });

const describe = ({ nodes }: RunView, unavailable: readonly string[]): string =>
  unavailable.length > 3
    ? `${unavailable.length} other nodes are not running (${shortList(unavailable)})`
    : unavailable.map((name) => `${name} is ${nodes.get(name)}`).join(', ');

const names = (steps: readonly StepView[]): string[] => steps.map(({ nodeName }) => nodeName);
const nodesOf = (count: number): string => (count === 1 ? '1 node' : `${count} nodes`);
const shortList = (all: readonly string[]): string =>
  all.length > 3 ? `${all.slice(0, 3).join(', ')} and ${all.length - 3} more` : all.join(', ');
