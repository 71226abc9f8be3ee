import type { Json } from '../../access/audit/chain.ts';
import { nameOf, type Caller } from '../../access/principal.ts';
import type { Deps } from '../../deps.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { change, type Transaction } from '../../platform/event-log.ts';
import { Prisma, type PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { SavedStrategyModel } from '../../platform/generated/prisma/models.ts';
import { mustBeInvertible } from '../inverse.ts';
import type { PlanRequest } from '../plan.ts';
import type { RollingStrategy, RolloutStrategy } from '../strategy.ts';
import { demandAll, oneOfAName, tell } from './saved.ts';

export interface StrategyContent {
  name: string;
  rollout: RolloutStrategy;
  /** Null: as with an operation that says nothing of it. */
  rolling: RollingStrategy | null;
}

/** @throws AppError FORBIDDEN unless the actor may operate the whole system; CONFLICT for a name that there is already */
export const createSavedStrategy = (
  deps: Deps,
  caller: Caller,
  content: StrategyContent,
  reason: string | null,
): Promise<SavedStrategyModel> =>
  oneOfAName(content.name, () =>
    change(deps, async (tx, record) => {
      demandAll(caller.principal);
      const createdAt = deps.clock.now();
      const createdBy = nameOf(caller.principal);
      const row = await tx.savedStrategy.create({ data: { ...stored(content), createdAt, createdBy } });
      await tell(tx, record, caller, createdAt, {
        action: 'createSavedStrategy',
        summary: `Strategy “${row.name}” saved.`,
        target: { type: 'SavedStrategy', id: row.id, name: row.name },
        reason,
        detail: { rollout: row.rollout as Json, rolling: row.rolling as Json },
      });
      return row;
    }),
  );

/**
 * Changes what the strategy is for operations that are planned from now on.
 * @throws AppError NOT_FOUND; otherwise as {@link createSavedStrategy}
 */
export const updateSavedStrategy = (
  deps: Deps,
  caller: Caller,
  id: string,
  content: StrategyContent,
  reason: string | null,
): Promise<SavedStrategyModel> =>
  oneOfAName(content.name, () =>
    change(deps, async (tx, record) => {
      demandAll(caller.principal);
      const [row] = await tx.savedStrategy.updateManyAndReturn({ where: { id }, data: stored(content) });
      if (!row) throw notFound('saved strategy', id, 'input.id');
      await tell(tx, record, caller, deps.clock.now(), {
        action: 'updateSavedStrategy',
        summary: `Strategy “${row.name}” changed.`,
        target: { type: 'SavedStrategy', id, name: row.name },
        reason,
        detail: { rollout: row.rollout as Json, rolling: row.rolling as Json },
      });
      return row;
    }),
  );

/** Operations that were planned with it stay as they are. @throws AppError NOT_FOUND; FORBIDDEN as it is for making it */
export const deleteSavedStrategy = (
  deps: Deps,
  caller: Caller,
  id: string,
  reason: string | null,
): Promise<SavedStrategyModel> =>
  change(deps, async (tx, record) => {
    demandAll(caller.principal);
    const row = await tx.savedStrategy.findUnique({ where: { id } });
    if (!row || (await tx.savedStrategy.deleteMany({ where: { id } })).count === 0)
      throw notFound('saved strategy', id, 'input.id');
    await tell(tx, record, caller, deps.clock.now(), {
      action: 'deleteSavedStrategy',
      summary: `Strategy “${row.name}” deleted.`,
      target: { type: 'SavedStrategy', id, name: row.name },
      reason,
      detail: null,
    });
    return row;
  });

const stored = ({ name, rollout, rolling }: StrategyContent) => ({
  name,
  rollout: structuredClone(rollout) as unknown as Prisma.InputJsonObject,
  rolling: rolling ? (structuredClone(rolling) as unknown as Prisma.InputJsonObject) : Prisma.DbNull,
});

/** A request that may name a saved strategy, by name or id, which takes the place of its own. */
export interface StrategyRequest extends PlanRequest {
  savedStrategy?: string | null;
  /** Where that stands in the request, for errors. */
  strategyPath?: string;
}

/**
 * The request with what the saved strategy says by now.
 * @throws AppError NOT_FOUND; INVALID for one that takes back what cannot be
 */
export async function withSavedStrategy<T extends StrategyRequest>(
  db: PrismaClient | Transaction,
  request: T,
): Promise<T> {
  const wanted = request.savedStrategy;
  if (!wanted) return request;
  const rows = await db.savedStrategy.findMany({ where: { OR: [{ id: wanted }, { name: wanted }] } });
  const row = rows.find(({ id }) => id === wanted) ?? rows[0];
  if (!row) throw new AppError('NOT_FOUND', `There is no saved strategy “${wanted}”.`);
  const rolling = row.rolling as unknown as RollingStrategy | null;
  const rollout = row.rollout as unknown as RolloutStrategy;
  mustBeInvertible(request.kind, rollout.onExceeded, request.strategyPath ?? 'input.strategy');
  return {
    ...request,
    rollout,
    rolling: request.kind === 'ROLLING_RESTART' ? (rolling ?? request.rolling) : null,
  };
}
