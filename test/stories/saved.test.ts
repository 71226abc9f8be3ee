import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { START, operator } from '../harness/operator.ts';
import { WireManager, running } from '../harness/wire-manager.ts';

const STRATEGY = `mutation ($input: SavedStrategyInput!) { createSavedStrategy(input: $input) { id name } }`;
const UPDATE = `mutation ($id: ID!, $input: SavedStrategyInput!) { updateSavedStrategy(id: $id, input: $input) { id } }`;
const SELECTION = `mutation ($input: SavedSelectionInput!) { createSavedSelection(input: $input) { id } }`;
const PLANNED = `query ($input: OperationInput!) { planOperation(input: $input) {
  rollout { clustersAtOnce } clusters { edges { node { cluster { name } } } }
} }`;

describe('what is saved under a name', () => {
  let oc: Oc;
  beforeAll(async () => {
    oc = await Oc.start({ leaseSeconds: 300 });
    for (const [name, env] of [
      ['one', 'test'],
      ['two', 'test'],
      ['three', 'production'],
    ] as const) {
      const labels = [{ key: 'env', value: env }];
      const manager = await WireManager.join(oc.client, name, `${name}-m1`, 'process', labels);
      await manager.snapshot(running('a'));
    }
  });
  afterAll(() => oc.stop());

  const { start } = operator(() => oc);
  const planned = async (targets: object, more: object = {}) => {
    const { planOperation } = await oc.client.data(PLANNED, { input: { kind: 'RESTART', targets, ...more } });
    return {
      atOnce: planOperation.rollout.clustersAtOnce,
      names: planOperation.clusters.edges.map(
        ({ node }: { node: { cluster: { name: string } } }) => node.cluster.name,
      ),
    };
  };

  it('targets are clusters by name or label, all of them, or a selection; nothing is never all', async () => {
    const test = { labels: [{ key: 'env', value: 'test' }] };
    expect((await planned({ clusters: test })).names).toEqual(['one', 'two']);
    expect((await planned({ clusters: { ...test, names: ['three'] } })).names).toEqual([
      'one',
      'three',
      'two',
    ]);
    expect((await planned({ system: true })).names).toEqual(['one', 'three', 'two']);
    const { createSavedSelection } = await oc.client.data(SELECTION, {
      input: { name: 'tests', clusters: test },
    });
    expect((await planned({ selection: 'tests' })).names).toEqual(['one', 'two']);
    expect((await planned({ selection: createSavedSelection.id })).names).toEqual(['one', 'two']);
    for (const [targets, code] of [
      [{}, 'INVALID'],
      [{ system: false }, 'INVALID'],
      [{ clusters: {} }, 'INVALID'],
      [{ system: true, clusters: test }, 'INVALID'],
      [{ clusters: { names: ['nowhere'] } }, 'NOT_FOUND'],
      [{ selection: 'nothing' }, 'NOT_FOUND'],
    ] as const) {
      const fault = await oc.client.fault(PLANNED, { input: { kind: 'RESTART', targets } });
      expect(fault.extensions.code, JSON.stringify(targets)).toBe(code);
    }
  });

  it('a strategy is what it is when the operation is planned; the operation keeps that', async () => {
    const content = { name: 'careful', rollout: { clustersAtOnce: 1 } };
    const { createSavedStrategy: saved } = await oc.client.data(STRATEGY, { input: content });
    expect((await oc.client.fault(STRATEGY, { input: content })).extensions.code).toBe('CONFLICT');
    const targets = { clusters: { names: ['one', 'two'] } };
    expect((await planned(targets, { strategy: 'careful' })).atOnce).toBe(1);
    const plan = { kind: 'RESTART', targets, strategy: saved.id };
    const key = randomUUID();
    const id = await start(plan, { idempotencyKey: key });
    await oc.client.data(UPDATE, { id: saved.id, input: { ...content, rollout: { clustersAtOnce: 2 } } });
    expect((await planned(targets, { strategy: 'careful' })).atOnce).toBe(2);
    expect(await start(plan, { idempotencyKey: key }), 'the same request').toBe(id);
    const { operation } = await oc.client.data(
      'query ($id: ID!) { operation(id: $id) { rollout { clustersAtOnce } } }',
      { id },
    );
    expect(operation.rollout.clustersAtOnce).toBe(1);
    await oc.client.data('mutation ($id: ID!) { deleteSavedStrategy(input: { id: $id }) { id } }', {
      id: saved.id,
    });
    expect(await start(plan, { idempotencyKey: key }), 'also when it is gone').toBe(id);
    const input = { plan, reason: 'r', idempotencyKey: randomUUID() };
    expect((await oc.client.fault(START, { input })).extensions.code).toBe('NOT_FOUND');
    const { auditLog } = await oc.client.data(
      '{ auditLog(filter: { target: "careful" }) { edges { node { action } } } }',
    );
    expect(auditLog.edges.map(({ node }: { node: { action: string } }) => node.action).sort()).toEqual([
      'createSavedStrategy',
      'deleteSavedStrategy',
      'updateSavedStrategy',
    ]);
  });
});
