import { viewer } from '$lib/access/viewer.svelte.ts';
import { untrack } from 'svelte';
import { goto } from '$app/navigation';
import { page } from '$app/state';
import { mutate, query, type Outcome } from '$lib/kit/client.ts';
import { connection } from '$lib/kit/connection.svelte.ts';
import type { ResultOf, VariablesOf } from '$lib/kit/graphql.ts';
import type { Problem } from '$lib/kit/problem.ts';
import { Query } from '$lib/kit/query.svelte.ts';
import { Selection } from '$lib/kit/selection.svelte.ts';
import { oneOf, setParams } from '$lib/kit/url.svelte.ts';
import { topology } from '$lib/live/store.svelte.ts';
import { Draft, hasTargets } from '../draft.svelte.ts';
import { StartOperation } from '../plan-queries.ts';
import { readDraft, STEPS, writeDraft, type Step } from '../address.ts';
import { ClusterIds, PlanSummary } from './queries.ts';

export type Plan = ResultOf<typeof PlanSummary>['planOperation'];
type IdsPage = ResultOf<typeof ClusterIds>;
export type Filter = VariablesOf<typeof ClusterIds>['filter'];

/**
 * An operation in the making: the draft, the step that is shown, and the plan that was looked at. What is filled in
 * stays while one goes back and forth, and is in the address. Make it while the component initialises.
 */
export class Wizard {
  readonly draft = new Draft();
  readonly clusters: Selection;
  readonly nodes: Selection;
  /** The id of a saved selection that is a target, too; null: none is. */
  selection = $state<string | null>(null);
  readonly dryRun: Query<ResultOf<typeof PlanSummary>, VariablesOf<typeof PlanSummary>>;
  /** The plan that was looked at: what is started. */
  seen = $state.raw<Plan>();
  /** The plan that was looked at when the start was refused because there is another by now. */
  outdated = $state.raw<Plan>();
  choosing = $state.raw<Problem>();
  refused = $state.raw<Problem>();
  starting = $state(false);

  readonly step: Step = $derived(oneOf(page.url.searchParams.get('step'), STEPS) ?? 'targets');
  readonly #planning = $derived(this.step === 'plan' || this.step === 'start');
  readonly input = $derived(this.draft.input);

  constructor() {
    const { targets, ...begin } = readDraft(page.url.searchParams);
    Object.assign(this.draft, begin);
    this.clusters = new Selection(targets.clusterIds);
    this.nodes = new Selection(targets.nodeIds);
    this.selection = targets.selection ?? null;
    this.dryRun = new Query(PlanSummary, () =>
      this.#planning && this.input ? { input: this.input } : undefined,
    );
    $effect.pre(() => {
      this.draft.targets = {
        clusterIds: [...this.clusters.ids],
        nodeIds: [...this.nodes.ids],
        selection: this.selection,
      };
    });
    $effect(() => setParams(writeDraft(this.draft)));
    $effect(() => {
      const plan = this.dryRun.data?.planOperation;
      if (plan && this.step === 'plan' && !this.dryRun.loading) this.seen = plan;
    });
    // What is started is what was looked at: nobody begins at the last step, nor comes back to it with another draft.
    $effect(() => {
      void this.input;
      untrack(() => (this.seen = undefined));
    });
    $effect(() => {
      if (this.step === 'start' && !this.seen) this.go('plan', true);
    });
  }

  /** Why a step cannot be shown yet, or undefined. */
  blocked(step: Step): string | undefined {
    if (step === 'targets' || step === 'strategy') return undefined;
    if (!hasTargets(this.draft.targets)) return 'Choose first what to act on.';
    if (this.draft.problem) return this.draft.problem;
    if (step === 'plan') return undefined;
    if (!this.seen) return 'Look at the plan first.';
    return this.seen.nodeCount === 0 ? 'Nothing would be done.' : undefined;
  }

  /** Shows a step; each is one in the browser's history. */
  go(step: Step, replaceState = false): void {
    const url = new URL(page.url);
    url.searchParams.set('step', step);
    void goto(url, { replaceState, keepFocus: replaceState });
  }

  /** Adds all clusters that pass a filter, whatever their number. */
  async chooseAll(filter: Filter): Promise<void> {
    let after: string | null = null;
    do {
      const asked: VariablesOf<typeof ClusterIds> = { after, ...(filter ? { filter } : {}) };
      const outcome: Outcome<IdsPage> = await query(ClusterIds, asked);
      this.choosing = outcome.problem;
      if (!outcome.data) return;
      const clusters: IdsPage['clusters'] = outcome.data.clusters;
      this.clusters.add(clusters.edges.map(({ node }) => node));
      after = clusters.pageInfo.hasNextPage ? clusters.pageInfo.endCursor : null;
    } while (after !== null);
  }

  /** Whether every cluster of the system is chosen, of which there are several. */
  get isWholeSystem(): boolean {
    const all = topology.system?.clusterCounts.reduce((sum, { count }) => sum + count, 0) ?? 0;
    return all > 1 && this.draft.targets.clusterIds.length >= all;
  }

  /** What has to be typed before it is started, and what that is; undefined for what is not dangerous. */
  get confirm(): { word: string; what: string } | undefined {
    if (!this.seen || !(this.draft.isDestructive || this.isWholeSystem)) return undefined;
    const { totalCount, edges } = this.seen.clusters;
    const only = totalCount === 1 ? edges[0]?.node.cluster.name : undefined;
    return only === undefined
      ? { word: String(this.seen.nodeCount), what: 'the number of nodes' }
      : { word: only, what: "the cluster's name" };
  }

  /** Why it cannot be started now, or undefined. */
  get unready(): string | undefined {
    if (connection.freshness === 'stale') return 'The Operations Center cannot be reached.';
    if (this.starting) return 'It is being started.';
    return viewer.blocked('START_OPERATION') ?? this.blocked('start') ?? this.draft.missing(this.confirm);
  }

  /** What the start sends. */
  get variables(): VariablesOf<typeof StartOperation> {
    return {
      input: {
        plan: this.input ?? { kind: this.draft.kind, targets: {} },
        planDigest: this.seen?.digest ?? null,
        reason: this.draft.reason.trim(),
        idempotencyKey: this.draft.idempotencyKey,
        ...(this.draft.when === 'later' ? { startsAt: this.draft.startsAt } : {}),
        ...(this.draft.when === 'schedule' ? { startsOn: { ...this.draft.startsOn } } : {}),
        ...(this.draft.override === undefined ? {} : { override: { reason: this.draft.override.trim() } }),
      },
    };
  }

  /** Starts it and answers its id; undefined when it was refused. Another plan by now is shown instead. */
  async start(): Promise<string | undefined> {
    if (this.unready) return undefined;
    this.starting = true;
    const { data, problem } = await mutate(StartOperation, this.variables);
    this.starting = false;
    this.refused = problem;
    if (data) return data.startOperation.id;
    if (problem?.code === 'CONFLICT' && problem.field !== 'input.idempotencyKey') {
      this.outdated = this.seen;
      await this.dryRun.refetch();
      this.go('plan');
    }
    return undefined;
  }
}
