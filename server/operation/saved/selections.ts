import type { Json } from '../../access/audit/chain.ts';
import type { ClusterChoice } from '../../access/grants.ts';
import { nameOf, type Caller } from '../../access/principal.ts';
import type { Deps } from '../../deps.ts';
import { AppError, notFound } from '../../platform/errors.ts';
import { change, type Transaction } from '../../platform/event-log.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { SavedSelectionModel } from '../../platform/generated/prisma/models.ts';
import { choiceOf, stored } from '../calendar/choice.ts';
import { demandAll, oneOfAName, tell } from './saved.ts';

export interface SelectionContent {
  name: string;
  /** Null: the whole system. */
  clusters: ClusterChoice | null;
}

/** @throws AppError FORBIDDEN unless the actor may operate the whole system; CONFLICT for a name that there is already */
export const createSavedSelection = (
  deps: Deps,
  caller: Caller,
  { name, clusters }: SelectionContent,
  reason: string | null,
): Promise<SavedSelectionModel> =>
  oneOfAName(name, () =>
    change(deps, async (tx, record) => {
      demandAll(caller.principal);
      const createdAt = deps.clock.now();
      const createdBy = nameOf(caller.principal);
      const row = await tx.savedSelection.create({
        data: { name, clusters: stored(clusters), createdAt, createdBy },
      });
      await tell(tx, record, caller, createdAt, {
        action: 'createSavedSelection',
        summary: `Selection “${name}” saved.`,
        target: { type: 'SavedSelection', id: row.id, name },
        reason,
        detail: { clusters: clusters as Json },
      });
      return row;
    }),
  );

/** For operations that are planned from now on. @throws AppError NOT_FOUND; otherwise as {@link createSavedSelection} */
export const updateSavedSelection = (
  deps: Deps,
  caller: Caller,
  id: string,
  { name, clusters }: SelectionContent,
  reason: string | null,
): Promise<SavedSelectionModel> =>
  oneOfAName(name, () =>
    change(deps, async (tx, record) => {
      demandAll(caller.principal);
      const data = { name, clusters: stored(clusters) };
      const [row] = await tx.savedSelection.updateManyAndReturn({ where: { id }, data });
      if (!row) throw notFound('saved selection', id, 'input.id');
      await tell(tx, record, caller, deps.clock.now(), {
        action: 'updateSavedSelection',
        summary: `Selection “${name}” changed.`,
        target: { type: 'SavedSelection', id, name },
        reason,
        detail: { clusters: clusters as Json },
      });
      return row;
    }),
  );

/** @throws AppError NOT_FOUND; FORBIDDEN as it is for making it */
export const deleteSavedSelection = (
  deps: Deps,
  caller: Caller,
  id: string,
  reason: string | null,
): Promise<SavedSelectionModel> =>
  change(deps, async (tx, record) => {
    demandAll(caller.principal);
    const row = await tx.savedSelection.findUnique({ where: { id } });
    if (!row || (await tx.savedSelection.deleteMany({ where: { id } })).count === 0)
      throw notFound('saved selection', id, 'input.id');
    await tell(tx, record, caller, deps.clock.now(), {
      action: 'deleteSavedSelection',
      summary: `Selection “${row.name}” deleted.`,
      target: { type: 'SavedSelection', id, name: row.name },
      reason,
      detail: null,
    });
    return row;
  });

/** What a saved selection, by name or id, takes; null: the whole system. @throws AppError NOT_FOUND */
export async function selectionOf(
  db: PrismaClient | Transaction,
  wanted: string,
  field: string,
): Promise<ClusterChoice | null> {
  const rows = await db.savedSelection.findMany({ where: { OR: [{ id: wanted }, { name: wanted }] } });
  const row = rows.find(({ id }) => id === wanted) ?? rows[0];
  if (!row) throw new AppError('NOT_FOUND', `${field}: there is no saved selection “${wanted}”.`, { field });
  return choiceOf(row);
}
