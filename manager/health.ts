import type { DriverNode } from './drivers/driver.ts';

/** All that the judgement on a node rests on that was started. Times are milliseconds of a clock that never jumps. */
export interface HealthView {
  /** Undefined: it has left. */
  node: Pick<DriverNode, 'status' | 'statusReason' | 'returning'> | undefined;
  /** Since when the instance that is meant is RUNNING without interruption; null: it is not. */
  healthySince: number | null;
  /** By when it must be RUNNING, and why then. */
  deadline: number;
  healthTimeoutSeconds: number;
  /** How long it must be RUNNING before it counts, also past the deadline. */
  minHealthySeconds: number;
  abortAtOnce: boolean;
  now: number;
}

export type Verdict =
  | { is: 'healthy' }
  | { is: 'failed'; reason: string }
  /** Look again when something changes, at the latest then. */
  | { is: 'wait'; until: number };

/** Whether a node that was started has come up. */
export function judge(view: HealthView): Verdict {
  const { node, healthySince, deadline, healthTimeoutSeconds, minHealthySeconds, now } = view;
  const failed = (reason: string): Verdict => ({ is: 'failed', reason });
  if (!node) return failed('It left the cluster before it was healthy.');
  const countsAt = healthySince === null ? null : healthySince + minHealthySeconds * 1000;
  if (countsAt !== null && now >= countsAt) return { is: 'healthy' };
  const why = node.statusReason ? `${node.status}. ${node.statusReason}` : `${node.status}.`;
  if (node.status === 'DOWN' && !node.returning) return failed(`It did not come back: ${why}`);
  if (view.abortAtOnce)
    return failed(`Aborted at once: it was started, and its health was not waited for: ${why}`);
  if (countsAt !== null) return { is: 'wait', until: countsAt };
  if (now < deadline) return { is: 'wait', until: deadline };
  const unbroken = minHealthySeconds > 0 ? ', or did not stay so' : '';
  return failed(`It was not healthy within ${healthTimeoutSeconds} s${unbroken}: ${why}`);
}
