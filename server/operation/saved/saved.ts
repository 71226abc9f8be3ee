import type { AuditTarget, Json } from '../../access/audit/chain.ts';
import { recordAudit } from '../../access/audit/record.ts';
import { isOverAll, nameOf, type Caller, type Principal } from '../../access/principal.ts';
import { AppError, conflict } from '../../platform/errors.ts';
import type { NewEvent, Transaction } from '../../platform/event-log.ts';
import { Prisma } from '../../platform/generated/prisma/client.ts';

/** What is saved is used by everybody. @throws AppError FORBIDDEN unless the principal may operate the whole system */
export function demandAll(principal: Principal): void {
  if (!isOverAll(principal, 'OPERATOR'))
    throw new AppError('FORBIDDEN', 'This needs the role OPERATOR over the whole system.');
}

/** @throws AppError CONFLICT when the work fails because there is one of that name */
export async function oneOfAName<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002')
      throw conflict(`There is already one of the name “${name}”.`, { field: 'input.name' });
    throw error;
  }
}

interface Told {
  action: string;
  summary: string;
  target: AuditTarget;
  reason: string | null;
  detail: Json;
}

/** Writes the event and the audit entry of a change. */
export async function tell(
  tx: Transaction,
  record: (...events: NewEvent[]) => void,
  caller: Caller,
  at: Date,
  { action, summary, target, reason, detail }: Told,
): Promise<void> {
  record({
    kind: 'POLICY_CHANGED',
    actor: nameOf(caller.principal),
    summary: [summary, reason].filter(Boolean).join(' '),
  });
  await recordAudit(tx, { ...caller, at, action, reason, targets: [target], result: 'DONE', detail });
}
