import { recordAudit } from '../../access/audit/record.ts';
import type { Json } from '../../access/audit/chain.ts';
import type { ClusterChoice } from '../../access/grants.ts';
import { nameOf, type Caller } from '../../access/principal.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { Deps } from '../../deps.ts';
import { conflict, invalid, notFound } from '../../platform/errors.ts';
import { change } from '../../platform/event-log.ts';
import type { FreezeModel } from '../../platform/generated/prisma/models.ts';
import { choiceOf, demandRoleOverChoice, inWords, seenRows, stored } from './choice.ts';

/** Each is looked at whenever something is to be issued. */
const MOST = 200;
const YEAR_MS = 366 * 86_400_000;

export interface NewFreeze {
  clusters: ClusterChoice | null;
  reason: string;
  /** Null: from now on. */
  from: Date | null;
  until: Date;
}

/**
 * Has nothing issued to clusters for a time.
 * @throws AppError INVALID for a time that is past, ends before it begins or is more than a year ahead; FORBIDDEN unless
 *   the actor may operate all of the clusters; CONFLICT when there are too many
 */
export async function createFreeze(deps: Deps, caller: Caller, request: NewFreeze): Promise<FreezeModel> {
  const now = deps.clock.now();
  const { clusters, reason, until } = request;
  const from = request.from ?? now;
  if (until <= now) throw invalid('input.until', 'is past');
  if (until <= from) throw invalid('input.until', 'is not after the beginning');
  if (until.getTime() > now.getTime() + YEAR_MS) throw invalid('input.until', 'is more than a year ahead');
  return change(deps, async (tx, record) => {
    await demandRoleOverChoice(tx, caller.principal, 'OPERATOR', clusters);
    if ((await tx.freeze.count({ where: { until: { gt: now } } })) >= MOST)
      throw conflict(`There are ${MOST} freezes: remove one first.`);
    const createdBy = nameOf(caller.principal);
    const freeze = await tx.freeze.create({
      data: { clusters: stored(clusters), reason, from, until, createdAt: now, createdBy },
    });
    const times = `from ${from.toISOString()} until ${until.toISOString()}`;
    const summary = `Freeze of ${inWords(clusters)} ${times}: ${reason}`;
    record({ kind: 'POLICY_CHANGED', actor: createdBy, summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'createFreeze',
      reason,
      targets: [{ type: 'Freeze', id: freeze.id, name: null }],
      result: 'DONE',
      detail: { clusters: clusters as Json, from: from.toISOString(), until: until.toISOString() },
    });
    return freeze;
  });
}

/** Ends a freeze before its time, or takes it back. @throws AppError NOT_FOUND; FORBIDDEN as it is for making it */
export async function removeFreeze(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<FreezeModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const seen = await seenRows(tx, 'freeze', visibilityOf(caller.principal));
    const freeze = await tx.freeze.findFirst({ where: { AND: [{ id }, seen] } });
    if (!freeze) throw notFound('freeze', id, 'input.id');
    await demandRoleOverChoice(tx, caller.principal, 'OPERATOR', choiceOf(freeze));
    if ((await tx.freeze.deleteMany({ where: { id } })).count === 0) throw notFound('freeze', id, 'input.id');
    const summary = [`Freeze of ${inWords(choiceOf(freeze))} removed.`, reason].filter(Boolean).join(' ');
    record({ kind: 'POLICY_CHANGED', actor: nameOf(caller.principal), summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'removeFreeze',
      reason,
      targets: [{ type: 'Freeze', id, name: null }],
      result: 'DONE',
      detail: { clusters: freeze.clusters as Json, until: freeze.until.toISOString() },
    });
    return freeze;
  });
}
