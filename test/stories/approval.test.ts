import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { ABORT, START } from '../harness/operator.ts';
import { apiKey, firstAdministrator, person, type Browser } from '../harness/people.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const SEEN = `query ($id: ID!) { operation(id: $id) {
  status startedAt approvalsNeeded approvals { by at } hold { rule reason freedBy }
  waves { hold { rule } }
  commands { edges { node { status hold { rule } } } }
  history { edges { node { summary } } }
} }`;
const APPROVE = 'mutation ($id: ID!) { approveOperation(input: { operationId: $id }) { approvals { by } } }';
const WITHDRAW = 'mutation ($id: ID!) { withdrawApproval(input: { operationId: $id }) { approvals { by } } }';
const RULE = `mutation ($input: CreateApprovalRuleInput!) { createApprovalRule(input: $input) { id approvals } }`;

describe('four eyes', () => {
  let oc: Oc;
  let ann: Browser;
  let bob: Browser;
  let cid: Browser;
  let dan: Browser;
  let clusterId: string;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 300 });
    ann = await firstAdministrator(oc);
    const manager = await WireManager.join(ann, 'bank', 'bank-m1', 'process', [
      { key: 'env', value: 'production' },
    ]);
    await manager.snapshot(running('a'));
    clusterId = manager.clusterId;
    await (await WireManager.join(ann, 'other')).snapshot(running('a'));
    bob = (await person(ann, 'Bob', [{ role: 'OPERATOR' }])).browser;
    cid = (await person(ann, 'Cid', [{ role: 'OPERATOR' }])).browser;
    dan = (await person(ann, 'Dan', [{ role: 'OPERATOR', clusters: { names: ['other'] } }])).browser;
  });
  afterAll(() => oc.stop());

  const start = async (by: Client, rollout: object = {}, more: object = {}): Promise<string> => {
    const plan = { kind: 'RESTART', targets: { clusterIds: [clusterId] }, rollout };
    const input = { plan, reason: 'because', idempotencyKey: randomUUID(), ...more };
    return (await by.data(START, { input })).startOperation.id;
  };
  const look = async (id: string) => (await ann.data(SEEN, { id })).operation;
  const code = async (by: Client, document: string, id: string) =>
    (await by.fault(document, { id })).extensions.code;

  it('see an operation before it begins, where its strategy wants it so: never only those of who started it', async () => {
    const id = await start(bob, { approvals: 1 });
    const hold = {
      rule: 'APPROVAL',
      reason: 'It needs the approval of 1 person; approved by nobody yet.',
      freedBy: '1 person with the role OPERATOR over all of its clusters, other than Bob, approves it.',
    };
    expect(await look(id)).toMatchObject({
      status: 'PENDING',
      startedAt: null,
      approvalsNeeded: 1,
      approvals: [],
      hold,
      waves: [{ hold: { rule: 'APPROVAL' } }],
      commands: { edges: [{ node: { status: 'PLANNED', hold: { rule: 'APPROVAL' } } }] },
    });
    const { client: program } = await apiKey(ann, [{ role: 'OPERATOR' }]);
    expect(await code(bob, APPROVE, id)).toBe('FORBIDDEN');
    expect(await code(program, APPROVE, id)).toBe('FORBIDDEN');
    expect(await code(dan, APPROVE, id)).toBe('NOT_FOUND');
    await Promise.all(Array.from({ length: 5 }, () => cid.data(APPROVE, { id })));
    const seen = await until('it begins', async () => {
      const operation = await look(id);
      return operation.startedAt && operation;
    });
    expect(seen).toMatchObject({ approvals: [{ by: 'Cid' }], hold: null });
    expect(seen.commands.edges[0].node.status).toBe('PENDING');
    const told = JSON.stringify(seen.history).split('Approved by Cid.').length - 1;
    expect(told, 'five times approved is approved once').toBe(1);
    const { auditLog } = await ann.data(
      `query ($id: String!) { auditLog(filter: { action: ["approveOperation"], target: $id, result: DONE }) { totalCount } }`,
      { id },
    );
    expect(auditLog.totalCount).toBe(1);
    expect(await code(cid, WITHDRAW, id), 'what has begun').toBe('CONFLICT');
  });

  it('see one that begins later ahead of its time, and may look again until then', async () => {
    const startsAt = new Date(Date.now() + 3_600_000).toISOString();
    const id = await start(bob, { approvals: 1 }, { startsAt });
    await cid.data(APPROVE, { id });
    expect(await look(id)).toMatchObject({ hold: { rule: 'START_TIME' }, approvals: [{ by: 'Cid' }] });
    await cid.data(WITHDRAW, { id });
    await cid.data(WITHDRAW, { id });
    expect(await look(id)).toMatchObject({ hold: { rule: 'APPROVAL' }, approvals: [] });
    await bob.data(ABORT, { id });
    expect(await code(cid, APPROVE, id), 'what has ended').toBe('CONFLICT');
  });

  it('are not those of who made the key by which it was started', async () => {
    const { client: program } = await apiKey(ann, [{ role: 'OPERATOR' }]);
    const id = await start(program, { approvals: 1 });
    expect(await code(ann, APPROVE, id)).toBe('FORBIDDEN');
    await cid.data(APPROVE, { id });
    await until('it begins', async () => (await look(id)).startedAt);
  });

  it('are demanded by rules for clusters, which administrators make; the plan says so', async () => {
    const rule = (approvals: number, clusters: object | null) => ({
      input: { approvals, clusters, reason: 'as the auditors want it' },
    });
    const production = { labels: [{ key: 'env', value: 'production' }] };
    expect((await bob.fault(RULE, rule(2, production))).extensions.code).toBe('FORBIDDEN');
    const { createApprovalRule } = await ann.data(RULE, rule(2, production));
    const { planOperation } = await bob.data(
      'query ($input: OperationInput!) { planOperation(input: $input) { approvalsNeeded } }',
      { input: { kind: 'RESTART', targets: { clusterIds: [clusterId] } } },
    );
    expect(planOperation.approvalsNeeded).toBe(2);
    const { approvalRules } = await dan.data('{ approvalRules { totalCount } }');
    expect(approvalRules.totalCount, 'rules for what one does not see').toBe(0);
    const id = await start(bob);
    await cid.data(APPROVE, { id });
    const hold = { reason: 'It needs the approval of 2 people; approved by Cid.' };
    expect(await look(id)).toMatchObject({ approvalsNeeded: 2, hold, startedAt: null });
    await ann.data('mutation ($id: ID!) { removeApprovalRule(input: { id: $id }) { id } }', {
      id: createApprovalRule.id,
    });
    expect(await look(id), 'what was started under it').toMatchObject({
      approvalsNeeded: 2,
      startedAt: null,
    });
    await ann.data(APPROVE, { id });
    await until('it begins', async () => (await look(id)).startedAt);
    const next = await start(bob);
    expect(await look(next)).toMatchObject({ approvalsNeeded: 0, startedAt: expect.any(String) });
    expect(await code(cid, APPROVE, next)).toBe('CONFLICT');
  });
});
