import type { Enum } from '$lib/kit/graphql.ts';
import { LATE, LATENESS, type Late } from './lateness.ts';
import { randomKey } from '$lib/kit/id.ts';
import {
  rollingInput,
  ROLLING_DEFAULTS,
  wrongRolling,
  type OperationInput,
  type RollingForm,
} from './rolling.ts';
import { isRevertible, rolloutInput, ROLLOUT_DEFAULTS, wrongRollout, type RolloutForm } from './rollout.ts';

/** When it begins: at once, at a time, or at the next time of a schedule. */
export type When = 'now' | 'later' | 'schedule';

/** What an operation acts on, by ids. */
export interface Targets {
  clusterIds: readonly string[];
  nodeIds: readonly string[];
  /** Of a saved selection. */
  selection?: string | null;
}

/** Whether there is something to act on. */
export const hasTargets = ({ clusterIds, nodeIds, selection }: Targets): boolean =>
  clusterIds.length + nodeIds.length > 0 || Boolean(selection);

/** What an operator is about to start: everything that a dialog or the wizard asks for. */
export class Draft {
  kind = $state<Enum<'OperationKind'>>('ROLLING_RESTART');
  mode = $state<Enum<'OperationMode'>>('GRACEFUL');
  targets = $state.raw<Targets>({ clusterIds: [], nodeIds: [] });
  rolling = $state<RollingForm>({ ...ROLLING_DEFAULTS });
  rollout = $state<RolloutForm>({ ...ROLLOUT_DEFAULTS });
  late = $state<Late>(LATE);
  when = $state<When>('now');
  /** With `later`; ISO 8601. */
  startsAt = $state<string | null>(null);
  /** With `schedule`. */
  startsOn = $state({
    schedule: '0 2 * * SUN',
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  });
  /** Freezes and maintenance windows are not heeded, for this reason; undefined: they are. */
  override = $state<string>();
  reason = $state('');
  typedWord = $state('');
  /** One draft starts one operation, however often its request is sent. */
  readonly idempotencyKey = randomKey();

  constructor(begin: { kind?: Enum<'OperationKind'> | undefined; targets?: Targets } = {}) {
    if (begin.kind) this.kind = begin.kind;
    if (begin.targets) this.targets = begin.targets;
  }

  get isRolling(): boolean {
    return this.kind === 'ROLLING_RESTART';
  }

  /** What is wrong with how it is to be done, in a sentence. */
  get problem(): string | undefined {
    if (this.rollout.onExceeded === 'REVERT' && !isRevertible(this.kind))
      return 'A restart cannot be taken back: pause or stop when more fail than the budget allows.';
    return (this.isRolling ? wrongRolling(this.rolling) : undefined) ?? wrongRollout(this.rollout);
  }

  /** What to plan; undefined while there is no target or something is wrong. */
  get input(): OperationInput | undefined {
    const { clusterIds, nodeIds, selection } = this.targets;
    if (this.problem !== undefined || !hasTargets(this.targets)) return undefined;
    return {
      kind: this.kind,
      mode: this.mode,
      targets: {
        ...(clusterIds.length > 0 ? { clusterIds: [...clusterIds] } : {}),
        ...(nodeIds.length > 0 ? { nodeIds: [...nodeIds] } : {}),
        ...(selection ? { selection } : {}),
      },
      rollout: rolloutInput(this.rollout),
      ...LATENESS[this.late].input,
      ...(this.isRolling ? { rolling: rollingInput(this.rolling) } : {}),
    };
  }

  /** It interrupts service: it wants a word typed. */
  get isDestructive(): boolean {
    return this.kind === 'SHUTDOWN' || this.kind === 'RESTART' || this.mode === 'FORCED';
  }

  /**
   * Why it cannot be started for what was filled in, or undefined.
   * @param word what has to be typed; `what` it is, e.g. `the cluster's name`
   */
  missing(confirm: { word: string; what: string } | undefined): string | undefined {
    if (this.problem !== undefined) return this.problem;
    if (this.reason.trim() === '') return 'Give a reason first.';
    if (this.when === 'later' && this.startsAt === null) return 'Say when it is to begin.';
    if (this.override?.trim() === '') return 'Say why no freeze and no window is heeded.';
    if (confirm && this.typedWord.trim() !== confirm.word) {
      return `Type ${confirm.what}, ${confirm.word}, to confirm.`;
    }
    return undefined;
  }
}
