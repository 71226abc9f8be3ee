import pg from 'pg';
import { afterAll, beforeAll, it } from 'vitest';
import { Oc } from '../harness/oc.ts';
import { operator } from '../harness/operator.ts';
import { until } from '../harness/until.ts';

const FREEZE = 'mutation ($input: CreateFreezeInput!) { createFreeze(input: $input) { id } }';
const UNFREEZE = 'mutation ($id: ID!) { removeFreeze(input: { id: $id }) { id } }';
const COMMANDS = 'query ($id: ID!) { operation(id: $id) { commands { edges { node { status } } } } }';
/** Whoever looks at what an operation waits for reads this table after the freezes. */
const LOCK = 'BEGIN; LOCK TABLE planned_offline IN ACCESS EXCLUSIVE MODE';
const HELD_UP = "SELECT 1 FROM pg_locks WHERE relation = 'planned_offline'::regclass AND NOT granted";

let oc: Oc;
let holding: pg.Client;
let looking: pg.Client;
beforeAll(async () => {
  oc = await Oc.start({ leaseSeconds: 300 });
  holding = new pg.Client({ connectionString: oc.databaseUrl });
  looking = new pg.Client({ connectionString: oc.databaseUrl });
  await holding.connect();
  await looking.connect();
});
afterAll(async () => {
  await holding.end();
  await looking.end();
  await oc.stop();
});

it('what lets an operation go on counts too when it comes during the first look at it', async () => {
  const { start, cluster } = operator(() => oc);
  const { clusterId } = await cluster('frozen', 'a');
  const input = { clusters: { names: ['frozen'] }, until: new Date(Date.now() + 3_600_000), reason: 'quiet' };
  const { createFreeze } = await oc.client.data(FREEZE, { input });
  const id = await start({ kind: 'RESTART', targets: { clusterIds: [clusterId] } });
  await holding.query(LOCK);
  await until('the runner is held up', async () => ((await looking.query(HELD_UP)).rowCount ?? 0) > 0);
  await oc.client.data(UNFREEZE, { id: createFreeze.id });
  await holding.query('COMMIT');
  await until('it is issued', async () => {
    const { operation } = await oc.client.data(COMMANDS, { id });
    return operation.commands.edges[0].node.status === 'PENDING';
  });
});
