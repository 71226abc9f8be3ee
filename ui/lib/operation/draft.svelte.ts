import type { Enum, VariablesOf } from '$lib/kit/graphql.ts';
import { randomKey } from '$lib/kit/id.ts';
import type { PlanOperation } from './queries.ts';

export type OperationInput = VariablesOf<typeof PlanOperation>['input'];

/** Bounds of the rolling strategy's numbers, as the server holds them. */
export const ROLLING_FIELDS = [
  { name: 'batchSize', label: 'Batch size', hint: 'nodes restarted at once', min: 1, max: 1000 },
  {
    name: 'maxUnavailable',
    label: 'Max unavailable',
    hint: 'nodes not healthy at once, whatever the reason',
    min: 1,
    max: 1000,
  },
  {
    name: 'healthTimeoutSeconds',
    label: 'Health timeout',
    hint: 'seconds a restarted node may take',
    min: 1,
    max: 3600,
  },
  { name: 'pauseSeconds', label: 'Pause between batches', hint: 'seconds', min: 0, max: 86_400 },
  {
    name: 'stopAfterFailures',
    label: 'Stop after failures',
    hint: 'failed nodes, then no further batch',
    min: 1,
    max: 1000,
  },
] as const;

type RollingName = (typeof ROLLING_FIELDS)[number]['name'];

/** What an operator is about to start: everything that the dialog asks for. */
export class Draft {
  mode = $state<Enum<'OperationMode'>>('GRACEFUL');
  /** As typed; null while a field is empty. */
  rolling = $state<Record<RollingName, number | null>>({
    batchSize: 1,
    maxUnavailable: 1,
    healthTimeoutSeconds: 60,
    pauseSeconds: 0,
    stopAfterFailures: 1,
  });
  reason = $state('');
  typedName = $state('');
  /** One dialog starts one operation, however often its request is sent. */
  readonly idempotencyKey = randomKey();

  constructor(
    readonly kind: Enum<'OperationKind'>,
    private readonly target: {
      clusterId: string;
      clusterName: string;
      nodeIds: readonly string[] | undefined;
    },
  ) {}

  /** What is wrong with a field, beginning in lower case, or undefined. */
  wrong(field: string): string | undefined {
    const rule = ROLLING_FIELDS.find(({ name }) => name === field);
    if (this.kind !== 'ROLLING_RESTART' || !rule) return undefined;
    const value = this.rolling[rule.name];
    if (value !== null && Number.isInteger(value) && value >= rule.min && value <= rule.max) return undefined;
    return `must be a whole number from ${rule.min} to ${rule.max}`;
  }

  /** What is wrong with the first field that holds no allowed number. */
  get problem(): string | undefined {
    for (const { name, label } of ROLLING_FIELDS) {
      const wrong = this.wrong(name);
      if (wrong) return `${label} ${wrong}.`;
    }
    return undefined;
  }

  /** What to plan; undefined while a field is wrong. */
  get input(): OperationInput | undefined {
    if (this.problem !== undefined) return undefined;
    const { clusterId, nodeIds } = this.target;
    return {
      kind: this.kind,
      mode: this.mode,
      targets: nodeIds ? { nodeIds: [...nodeIds] } : { clusterIds: [clusterId] },
      ...(this.kind === 'ROLLING_RESTART' ? { rolling: { ...this.rolling } } : {}),
    };
  }

  /** Acts that interrupt service at once want the cluster's name typed. */
  get isDestructive(): boolean {
    return this.kind !== 'ROLLING_RESTART' || this.mode === 'FORCED';
  }

  /** Why it cannot be started for what was filled in, or undefined. */
  get missing(): string | undefined {
    if (this.problem !== undefined) return this.problem;
    if (this.reason.trim() === '') return 'Give a reason first.';
    if (this.isDestructive && this.typedName !== this.target.clusterName) {
      return `Type the cluster's name, ${this.target.clusterName}, to confirm.`;
    }
    return undefined;
  }
}
