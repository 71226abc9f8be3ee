import type { Json } from '../../access/audit/chain.ts';
import { recordAudit } from '../../access/audit/record.ts';
import type { ClusterChoice } from '../../access/grants.ts';
import { nameOf, type Caller } from '../../access/principal.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { Deps } from '../../deps.ts';
import { conflict, notFound } from '../../platform/errors.ts';
import { change, type Transaction } from '../../platform/event-log.ts';
import type { PrismaClient } from '../../platform/generated/prisma/client.ts';
import type { ApprovalRuleModel } from '../../platform/generated/prisma/models.ts';
import { choiceOf, demandRoleOverChoice, inWords, seenRows, stored } from '../calendar/choice.ts';
import type { ApprovalRule } from './needed.ts';

/** Each is looked at whenever an operation is planned. */
const MOST = 200;

export async function loadApprovalRules(db: PrismaClient | Transaction): Promise<ApprovalRule[]> {
  const rows = await db.approvalRule.findMany();
  return rows.map((row) => ({ clusters: choiceOf(row), approvals: row.approvals }));
}

export interface NewApprovalRule {
  clusters: ClusterChoice | null;
  approvals: number;
  reason: string;
}

/**
 * Has operations on clusters wait until other people have approved them: those that are started from now on.
 * @throws AppError FORBIDDEN unless the actor is an administrator of all of the clusters; CONFLICT when there are too many
 */
export async function createApprovalRule(
  deps: Deps,
  caller: Caller,
  { clusters, approvals, reason }: NewApprovalRule,
): Promise<ApprovalRuleModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    await demandRoleOverChoice(tx, caller.principal, 'ADMINISTRATOR', clusters);
    if ((await tx.approvalRule.count()) >= MOST)
      throw conflict(`There are ${MOST} approval rules: remove one first.`);
    const createdBy = nameOf(caller.principal);
    const rule = await tx.approvalRule.create({
      data: { clusters: stored(clusters), approvals, reason, createdAt: now, createdBy },
    });
    const summary = `Operations on ${inWords(clusters)} need approvals: ${approvals}. ${reason}`;
    record({ kind: 'POLICY_CHANGED', actor: createdBy, summary });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'createApprovalRule',
      reason,
      targets: [{ type: 'ApprovalRule', id: rule.id, name: null }],
      result: 'DONE',
      detail: { clusters: clusters as Json, approvals },
    });
    return rule;
  });
}

/** What was started under it still needs its approvals. @throws AppError NOT_FOUND; FORBIDDEN as it is for making it */
export async function removeApprovalRule(
  deps: Deps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<ApprovalRuleModel> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    const seen = await seenRows(tx, 'approval_rule', visibilityOf(caller.principal));
    const rule = await tx.approvalRule.findFirst({ where: { AND: [{ id }, seen] } });
    if (!rule) throw notFound('approval rule', id, 'input.id');
    await demandRoleOverChoice(tx, caller.principal, 'ADMINISTRATOR', choiceOf(rule));
    if ((await tx.approvalRule.deleteMany({ where: { id } })).count === 0)
      throw notFound('approval rule', id, 'input.id');
    const summary = [`Operations on ${inWords(choiceOf(rule))}: an approval rule removed.`, reason];
    record({
      kind: 'POLICY_CHANGED',
      actor: nameOf(caller.principal),
      summary: summary.filter(Boolean).join(' '),
    });
    await recordAudit(tx, {
      ...caller,
      at: now,
      action: 'removeApprovalRule',
      reason,
      targets: [{ type: 'ApprovalRule', id, name: null }],
      result: 'DONE',
      detail: { clusters: rule.clusters as Json, approvals: rule.approvals },
    });
    return rule;
  });
}
