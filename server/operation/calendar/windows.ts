import { recordAudit } from '../../access/audit/record.ts';
import type { Json } from '../../access/audit/chain.ts';
import type { ClusterChoice } from '../../access/grants.ts';
import { nameOf, type Caller } from '../../access/principal.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { Deps } from '../../deps.ts';
import { conflict, notFound } from '../../platform/errors.ts';
import { change } from '../../platform/event-log.ts';
import type { MaintenanceWindowModel } from '../../platform/generated/prisma/models.ts';
import { choiceOf, demandRoleOverChoice, inWords, seenRows, stored } from './choice.ts';
import { nextTimeOf } from './schedule.ts';

/** Each is looked at whenever something is to be issued. */
const MOST = 200;

export interface NewMaintenanceWindow {
  name: string;
  clusters: ClusterChoice | null;
  reason: string;
  /** Cron, five fields. */
  schedule: string;
  /** IANA. */
  timeZone: string;
  durationSeconds: number;
}

/**
 * Has clusters issued something only within their windows.
 * @throws AppError INVALID for a schedule or a time zone that is none, and for one that never comes; FORBIDDEN unless the
 *   actor may operate all of the clusters; CONFLICT when there are too many
 */
export async function createMaintenanceWindow(
  deps: Deps,
  caller: Caller,
  request: NewMaintenanceWindow,
): Promise<MaintenanceWindowModel> {
  const now = deps.clock.now();
  const { clusters, ...window } = request;
  nextTimeOf('input', request, now);
  return change(deps, async (tx, record) => {
    await demandRoleOverChoice(tx, caller.principal, 'OPERATOR', clusters);
    if ((await tx.maintenanceWindow.count()) >= MOST)
      throw conflict(`There are ${MOST} maintenance windows: remove one first.`);
    const createdBy = nameOf(caller.principal);
    const row = await tx.maintenanceWindow.create({
      data: { ...window, clusters: stored(clusters), createdAt: now, createdBy },
    });
    const { name, reason, schedule, timeZone, durationSeconds } = window;
    const summary = `Maintenance window “${name}” of ${inWords(clusters)}: ${schedule} (${timeZone}), ${durationSeconds} s. ${reason}`;
    record({ kind: 'POLICY_CHANGED', actor: createdBy, summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'createMaintenanceWindow',
      reason,
      targets: [{ type: 'MaintenanceWindow', id: row.id, name }],
      result: 'DONE',
      detail: { clusters: clusters as Json, schedule, timeZone, durationSeconds },
    });
    return row;
  });
}

/** @throws AppError NOT_FOUND; FORBIDDEN as it is for making it */
export async function removeMaintenanceWindow(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<MaintenanceWindowModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const seen = await seenRows(tx, 'maintenance_window', visibilityOf(caller.principal));
    const window = await tx.maintenanceWindow.findFirst({ where: { AND: [{ id }, seen] } });
    if (!window) throw notFound('maintenance window', id, 'input.id');
    await demandRoleOverChoice(tx, caller.principal, 'OPERATOR', choiceOf(window));
    if ((await tx.maintenanceWindow.deleteMany({ where: { id } })).count === 0)
      throw notFound('maintenance window', id, 'input.id');
    const { name, clusters, schedule, timeZone, durationSeconds } = window;
    const summary = [`Maintenance window “${name}” removed.`, reason].filter(Boolean).join(' ');
    record({ kind: 'POLICY_CHANGED', actor: nameOf(caller.principal), summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'removeMaintenanceWindow',
      reason,
      targets: [{ type: 'MaintenanceWindow', id, name }],
      result: 'DONE',
      detail: { clusters: clusters as Json, schedule, timeZone, durationSeconds },
    });
    return window;
  });
}
