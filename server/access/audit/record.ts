import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { AuditResult } from '../../platform/generated/prisma/enums.ts';
import type { Caller, Principal } from '../principal.ts';
import { canonical, type AuditFacts, type AuditTarget, type Json } from './chain.ts';

/** What is written down of an act: who (a caller has `principal` and `from`), what, why, on what, and what came of it. */
export interface NewAuditEntry extends Pick<Caller, 'from'> {
  principal: Principal | { kind: 'system' };
  /** By the OC's clock. */
  at: Date;
  /** The mutation's name, or another one word. */
  action: string;
  reason?: string | null;
  targets: AuditTarget[];
  result: AuditResult;
  detail?: Json;
}

/**
 * Writes an entry of the audit log, in the transaction of what it tells of: both are there, or neither.
 *
 * The chain's head is one row, which is locked from here until the commit, so this is the transaction's last
 * statement; in a `change()` the event log's head follows, for all in the same order. Reports of managers do
 * not write entries and so do not wait here. One statement: the database hashes what it is given behind what it has.
 * @throws Error when the head is missing: what cannot be written down is not done.
 */
export async function recordAudit(
  tx: Pick<Prisma.TransactionClient, '$executeRaw'>,
  { principal, from, at, action, reason = null, targets, result, detail = null }: NewAuditEntry,
): Promise<void> {
  const actor = actorOf(principal);
  const facts: AuditFacts = {
    ...actor,
    at,
    from,
    action,
    reason,
    targets: targets.map(({ type, id, name }) => ({ type, id, name })),
    result,
    detail,
  };
  const written = await tx.$executeRaw`
    WITH head AS (
      UPDATE audit_head SET entries = entries + 1, hash = encode(sha256(convert_to(
        hash || E'\n' || (entries + 1)::text || E'\n' || ${canonical(facts)}::text, 'UTF8')), 'hex')
      RETURNING entries, hash
    )
    INSERT INTO audit_entry (sequence, hash, at, actor_kind, actor_id, actor_name, "from", action, reason, targets,
      result, detail)
    SELECT head.entries, head.hash, ${at}, ${actor.actorKind}::"AuditActor", ${actor.actorId}, ${actor.actorName},
      ${from}, ${action}, ${reason}, ${JSON.stringify(facts.targets)}::jsonb, ${result}::"AuditResult",
      ${detail === null ? null : JSON.stringify(detail)}::jsonb
    FROM head`;
  if (written !== 1) throw new Error('The audit log has no head: nothing can be written down.');
}

function actorOf(
  principal: NewAuditEntry['principal'],
): Pick<AuditFacts, 'actorKind' | 'actorId' | 'actorName'> {
  switch (principal.kind) {
    case 'person':
      return { actorKind: 'PERSON', actorId: principal.personId, actorName: principal.name };
    case 'key':
      return { actorKind: 'KEY', actorId: principal.keyId, actorName: principal.name };
    case 'manager':
      return { actorKind: 'MANAGER', actorId: principal.managerId, actorName: principal.name };
    case 'local':
      return { actorKind: 'LOCAL', actorId: null, actorName: principal.name };
    case 'anonymous':
      return { actorKind: 'ANONYMOUS', actorId: null, actorName: null };
    case 'system':
      return { actorKind: 'SYSTEM', actorId: null, actorName: 'name' in principal ? principal.name : null };
  }
}
