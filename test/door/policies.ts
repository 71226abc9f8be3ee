import { randomUUID } from 'node:crypto';
import type { Client } from '../harness/client.ts';
import type { ROOTS } from '../harness/documents.ts';
import { START } from '../harness/operator.ts';

export type Once = (
  client: Client,
  root: (typeof ROOTS)[number],
  field: string,
  variables: object,
) => Promise<void>;

/** Makes one of all that says when something may begin, and takes it away: each act is asked for by `once`. */
export async function havePolicies(
  once: Once,
  administrator: Client,
  operator: Client,
  clusterId: string,
): Promise<void> {
  const reason = 'once';
  const far = new Date(Date.now() + 3_600_000).toISOString();
  const { createFreeze, createMaintenanceWindow, createApprovalRule } = await administrator.data(
    `mutation ($freeze: CreateFreezeInput!, $window: CreateMaintenanceWindowInput!, $rule: CreateApprovalRuleInput!) {
      createFreeze(input: $freeze) { id }
      createMaintenanceWindow(input: $window) { id }
      createApprovalRule(input: $rule) { id }
    }`,
    {
      freeze: { from: far, until: new Date(Date.parse(far) + 1000).toISOString(), reason },
      window: { name: 'W', schedule: '* * * * *', timeZone: 'UTC', durationSeconds: 60, reason },
      rule: { reason },
    },
  );
  for (const [field, { id }] of [
    ['removeFreeze', createFreeze],
    ['removeMaintenanceWindow', createMaintenanceWindow],
    ['removeApprovalRule', createApprovalRule],
  ])
    await once(administrator, 'Mutation', field, { input: { id } });
  const saved = await administrator.data(
    `mutation {
      Strategy: createSavedStrategy(input: { name: "Once" }) { id }
      Selection: createSavedSelection(input: { name: "Once" }) { id }
    }`,
  );
  for (const what of ['Strategy', 'Selection']) {
    const { id } = saved[what];
    await once(administrator, 'Mutation', `updateSaved${what}`, { id, input: { name: 'Twice' } });
    await once(administrator, 'Mutation', `deleteSaved${what}`, { input: { id } });
  }
  const target = { clusterId };
  await administrator.data('mutation ($input: PlanOfflineInput!) { planOffline(input: $input) { reason } }', {
    input: { target, reason, returnsAt: far },
  });
  await once(administrator, 'Mutation', 'endPlannedOffline', { input: { target } });
  const { startOperation } = await operator.data(START, {
    input: {
      plan: {
        kind: 'RESTART',
        targets: { clusterIds: [clusterId] },
        rollout: { approvals: 1 },
      },
      startsAt: far,
      reason,
      idempotencyKey: randomUUID(),
    },
  });
  for (const field of ['approveOperation', 'withdrawApproval'])
    await once(administrator, 'Mutation', field, { input: { operationId: startOperation.id } });
}
