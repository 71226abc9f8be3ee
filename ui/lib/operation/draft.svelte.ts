import type { Enum } from '$lib/kit/graphql.ts';
import { EXPIRES_IN_SECONDS } from './expiry.ts';
import { randomKey } from '$lib/kit/id.ts';
import {
  rollingInput,
  ROLLING_DEFAULTS,
  wrongRolling,
  type OperationInput,
  type RollingForm,
} from './rolling.ts';
import { rolloutInput, ROLLOUT_DEFAULTS, wrongRollout, type RolloutForm } from './rollout.ts';

/** What an operation acts on, by ids. */
export interface Targets {
  clusterIds: readonly string[];
  nodeIds: readonly string[];
}

/** What an operator is about to start: everything that a dialog or the wizard asks for. */
export class Draft {
  kind = $state<Enum<'OperationKind'>>('ROLLING_RESTART');
  mode = $state<Enum<'OperationMode'>>('GRACEFUL');
  targets = $state.raw<Targets>({ clusterIds: [], nodeIds: [] });
  rolling = $state<RollingForm>({ ...ROLLING_DEFAULTS });
  rollout = $state<RolloutForm>({ ...ROLLOUT_DEFAULTS });
  /** In which a command must have begun, or it expires; null: never. */
  expiresInSeconds = $state<number | null>(EXPIRES_IN_SECONDS);
  /** ISO 8601; null: at once. */
  startsAt = $state<string | null>(null);
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
    return (this.isRolling ? wrongRolling(this.rolling) : undefined) ?? wrongRollout(this.rollout);
  }

  /** What to plan; undefined while there is no target or something is wrong. */
  get input(): OperationInput | undefined {
    const { clusterIds, nodeIds } = this.targets;
    if (this.problem !== undefined || clusterIds.length + nodeIds.length === 0) return undefined;
    return {
      kind: this.kind,
      mode: this.mode,
      targets: {
        ...(clusterIds.length > 0 ? { clusterIds: [...clusterIds] } : {}),
        ...(nodeIds.length > 0 ? { nodeIds: [...nodeIds] } : {}),
      },
      rollout: rolloutInput(this.rollout),
      ...(this.expiresInSeconds === null
        ? { lateness: 'RUN_LATE' as const }
        : { expiresInSeconds: this.expiresInSeconds }),
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
    if (this.override?.trim() === '') return 'Say why no freeze and no window is heeded.';
    if (confirm && this.typedWord.trim() !== confirm.word) {
      return `Type ${confirm.what}, ${confirm.word}, to confirm.`;
    }
    return undefined;
  }
}
