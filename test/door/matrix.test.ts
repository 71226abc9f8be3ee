import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer, Client } from '../harness/client.ts';
import { allFields, documentFor, rootFields, ROOTS } from '../harness/documents.ts';
import { Oc } from '../harness/oc.ts';
import { START } from '../harness/operator.ts';
import { apiKey, Browser, PASSWORD, person, welcomeToken } from '../harness/people.ts';
import { ALL, ROWS, type Target, type Who } from '../harness/rows.ts';
import { until } from '../harness/until.ts';
import { WireManager, running } from '../harness/wire-manager.ts';
import { actOnOperations } from './acts.ts';
import { havePolicies } from './policies.ts';

/** Done last: they take away what others need. */
const TAKES_AWAY = ['Mutation.leave', 'Mutation.logOut'];
const LAST = ['Mutation.abortOperation', ...TAKES_AWAY];

describe('the matrix of every field and everybody', () => {
  let oc: Oc;
  let clients: Record<Who, Client>;
  let targets: { a: Target; b: Target; nothing: Target };
  /** All by which cluster B could be known. */
  let traces: string[];
  /** `Type.field`s that somebody was answered. */
  const answered = new Set<string>();

  const codes = ({ errors }: Pick<Answer, 'errors'>) => [
    ...new Set(errors?.map(({ extensions }) => extensions.code) ?? []),
  ];
  const refusal = (who: Who) => (who === 'anonymous' ? 'UNAUTHENTICATED' : 'FORBIDDEN');
  const targetOf = (who: Who): Target => (who === 'managerB' ? targets.b : targets.a);

  /** Asks for what can be had once only. */
  async function once(client: Client, root: (typeof ROOTS)[number], field: string, variables: object) {
    const { document, fields } = documentFor(root, field);
    await client.data(document, variables);
    for (const one of fields) answered.add(one);
  }

  beforeAll(async () => {
    oc = await Oc.start({ auth: true, leaseSeconds: 300 });
    const ann = new Browser(oc.url);
    await once(ann, 'Mutation', 'createFirstAdministrator', {
      input: { token: welcomeToken(oc), name: 'Ann', password: PASSWORD },
    });
    const { cluster } = await ann.data(
      'query ($id: ID!) { cluster(id: $id) { managers { edges { node { id } } } } }',
      { id: (await WireManager.join(ann, 'lost')).clusterId },
    );
    const { createEnrolmentToken } = await ann.data(
      'mutation { createEnrolmentToken(input: {}) { enrolmentToken { id } } }',
    );
    const ofAll = {
      person: (await person(ann, 'Somebody', [])).id,
      apiKey: (await apiKey(ann, [])).id,
      enrolmentToken: createEnrolmentToken.enrolmentToken.id as string,
      lost: cluster.managers.edges[0].node.id as string,
    };
    const target = async (name: string): Promise<[WireManager, Target]> => {
      const manager = await WireManager.join(ann, name, `${name}-m1`, 'process', [
        { key: 'of', value: name },
      ]);
      await manager.snapshot(running(`${name}-1`, `${name}-2`));
      const { startOperation } = await ann.data(START, {
        input: {
          plan: { kind: 'RESTART', targets: { clusterIds: [manager.clusterId] } },
          reason: `for ${name}`,
          idempotencyKey: name,
        },
      });
      const { cluster, operation } = await ann.data(
        `query ($c: ID!, $o: ID!) {
          cluster(id: $c) { nodes { edges { node { id } } } }
          operation(id: $o) { commands { edges { node { id } } } }
        }`,
        { c: manager.clusterId, o: startOperation.id },
      );
      return [
        manager,
        {
          cluster: manager.clusterId,
          node: cluster.nodes.edges[0].node.id,
          command: operation.commands.edges[0].node.id,
          operation: startOperation.id,
          epoch: manager.epoch,
          ...ofAll,
        },
      ];
    };
    const [managerA, a] = await target('shop-a');
    const [managerB, b] = await target('secret-b');
    targets = {
      a,
      b,
      nothing: {
        cluster: 'none',
        node: 'none',
        command: 'none',
        operation: 'none',
        epoch: a.epoch,
        ...ofAll,
      },
    };
    traces = ['secret-b', b.cluster, b.node, b.command, b.operation];
    const as = async (name: string, grant: Parameters<typeof person>[2][number]) =>
      (await person(ann, name, [grant])).browser;
    clients = {
      anonymous: oc.client,
      viewer: await as('Viewer', { role: 'VIEWER' }),
      scoped: await as('Scoped', { role: 'OPERATOR', clusters: { names: ['shop-a'] } }),
      operator: await as('Operator', { role: 'OPERATOR' }),
      administrator: await as('Administrator', { role: 'ADMINISTRATOR' }),
      managerA: managerA.client,
      managerB: managerB.client,
    };
  });
  afterAll(() => oc.stop());

  it('has a row for every root field, and none for another', () => {
    const fields = ROOTS.flatMap((root) => rootFields(root).map(({ name }) => `${root}.${name}`));
    expect(Object.keys(ROWS).sort()).toEqual(fields.sort());
  });

  /** Runs a row for one of all, and holds it to what the row says. */
  async function check(path: string, who: Who): Promise<void> {
    const row = ROWS[path]!;
    const [root, field] = path.split('.') as [(typeof ROOTS)[number], string];
    const { document, fields } = documentFor(root, field, row);
    const client = clients[who];
    // A log-in is for a browser of its own: it would take the place of the session.
    const asker = path === 'Mutation.logIn' && client instanceof Browser ? new Browser(oc.url) : client;
    const answer = await asker.send(document, { first: 3, ...row.variables?.(targetOf(who), who) });
    const text = JSON.stringify(answer);
    if (who === 'scoped' || who === 'managerA')
      for (const trace of traces) expect(text, `${path} as ${who} tells of B`).not.toContain(trace);
    if (!row.who.includes(who)) {
      expect(codes(answer), `${path} as ${who}: ${text}`).toEqual([refusal(who)]);
      expect(Object.values(answer.data ?? {}).every((value) => value === null)).toBe(true);
    } else if (row.told) {
      expect(codes(answer), `${path} as ${who}: ${text}`).toEqual([row.told]);
    } else if (who === 'managerA' || who === 'managerB') {
      // Of what it is answered, some is for people: that part is refused, and nothing else is wrong.
      expect(['', 'FORBIDDEN'], `${path} as ${who}: ${text}`).toContain(codes(answer).join());
      if (codes(answer).length === 0) for (const one of fields) answered.add(one);
    } else {
      expect(codes(answer), `${path} as ${who}: ${text}`).toEqual([]);
      if (who === 'administrator') for (const one of fields) answered.add(one);
    }
  }

  const requests = Object.keys(ROWS).filter((path) => !path.startsWith('Subscription.'));
  for (const path of requests.filter((one) => !LAST.includes(one))) {
    it(`holds for ${path}`, async () => {
      for (const who of ALL) await check(path, who);
    });
  }

  it('holds for what is asked for by an id of B: to A it is as if it did not exist', async () => {
    for (const path of requests.filter((one) => !TAKES_AWAY.includes(one))) {
      const row = ROWS[path]!;
      const [root, field] = path.split('.') as [(typeof ROOTS)[number], string];
      for (const who of ['scoped', 'managerA'] as const) {
        const ask = async (target: Target) => {
          const variables = row.variables?.(target, who) ?? {};
          const { data, errors } = await clients[who].send(documentFor(root, field, row).document, variables);
          return JSON.stringify({ data, errors });
        };
        if (
          JSON.stringify(row.variables?.(targets.b, who)) ===
          JSON.stringify(row.variables?.(targets.nothing, who))
        )
          continue;
        const ofNothing = await ask(targets.nothing);
        let ofB = await ask(targets.b);
        for (const kind of ['cluster', 'node', 'command', 'operation'] as const)
          ofB = ofB.replaceAll(targets.b[kind], targets.nothing[kind]);
        expect(ofB, `${path} as ${who}`).toBe(ofNothing);
      }
    }
  });

  it('holds for subscriptions, from their beginning and when something happens', async () => {
    const open = Object.entries(ROWS).flatMap(([path, row]) => {
      const [root, field] = path.split('.') as [(typeof ROOTS)[number], string];
      if (root !== 'Subscription') return [];
      const { document, fields } = documentFor(root, field, row);
      return ALL.map((who) => {
        const variables = (row.variables?.(targetOf(who), who) ?? {}) as Record<string, unknown>;
        return { path, row, who, fields, live: clients[who].subscribe(document, variables) };
      });
    });
    const strangers = (['scoped', 'managerA'] as const).flatMap((who) =>
      ['operationChanged', 'metricsReported', 'commandIssued', 'topologyChanged'].map((field) => {
        const row = ROWS[`Subscription.${field}`]!;
        const variables = {
          ...row.variables?.(targets.b, who),
          ...(field === 'topologyChanged' && { clusterId: targets.b.cluster }),
        };
        return {
          who,
          live: clients[who].subscribe(documentFor('Subscription', field, row).document, variables),
        };
      }),
    );
    for (const { path, row, who, live } of open) {
      await until(`${path} as ${who} is answered`, () => live.events.length + live.errors.length > 0);
      if (!row.who.includes(who)) expect(codes(live), `${path} as ${who}`).toEqual([refusal(who)]);
    }
    for (const name of ['shop-a', 'secret-b']) {
      const manager = name === 'shop-a' ? clients.managerA : clients.managerB;
      const { epoch, command } = name === 'shop-a' ? targets.a : targets.b;
      const report = (field: string, input: object) =>
        manager.data(
          `mutation ($input: ${field[0]!.toUpperCase()}${field.slice(1)}Input!) { ${field}(input: $input) { applied } }`,
          { input: { epoch, ...input } },
        );
      await report('reportMembership', { kind: 'DELTA', sequence: 3, nodes: running(`${name}-3`) });
      await report('reportCommand', {
        commandId: command,
        sequence: 2,
        status: 'RUNNING',
        steps: [{ nodeName: `${name}-1`, status: 'STOPPING' }],
      });
      const at = new Date().toISOString();
      await report('reportMetrics', {
        nodes: [{ name: `${name}-1`, samples: [{ name: 'load', value: 1, at }] }],
      });
    }
    const told = (live: { events: unknown[] }, what: string) => JSON.stringify(live.events).includes(what);
    for (const { path, row, who, live, fields } of open) {
      if (!row.who.includes(who)) continue;
      const news = {
        topologyChanged: 'shop-a-3',
        operationChanged: 'STOPPING',
        metricsReported: 'load',
        commandIssued: 'allSteps',
      };
      const what = news[path.split('.')[1] as keyof typeof news];
      await until(`${path} as ${who} tells ${what}`, () =>
        told(live, what === 'shop-a-3' && who === 'managerB' ? 'secret-b-3' : what),
      );
      if (who === 'administrator' || who === 'managerA') {
        if (live.errors.length === 0) for (const one of fields) answered.add(one);
      }
      if (who !== 'managerA' && who !== 'managerB') expect(live.errors, `${path} as ${who}`).toEqual([]);
      if (who === 'scoped' || who === 'managerA')
        for (const trace of traces) expect(told(live, trace), `${path} as ${who} tells of B`).toBe(false);
    }
    for (const { who, live } of strangers) {
      for (const trace of traces) expect(told(live, trace), `${who} is told of B`).toBe(false);
    }
    for (const { live } of [...open, ...strangers]) live.close();
  });

  it('answers what can be had once only', async () => {
    const { createPerson, createEnrolmentToken } = await clients.administrator.data(
      `mutation {
        createPerson(input: { name: "Once", grants: [] }) { token }
        createEnrolmentToken(input: {}) { token }
      }`,
    );
    await havePolicies(once, clients.administrator, clients.operator, targets.a.cluster);
    await actOnOperations(once, clients.administrator, clients.managerA, targets.a, 4);
    const browser = new Browser(oc.url);
    const { token } = createPerson;
    await once(browser, 'Query', 'invitation', { token });
    await once(browser, 'Mutation', 'acceptInvitation', { input: { token, password: PASSWORD } });
    await once(browser, 'Mutation', 'changePassword', {
      input: { current: PASSWORD, password: `${PASSWORD}!` },
    });
    // The one that it has is answered; another one comes too early.
    await once(clients.managerA, 'Mutation', 'renewCredential', {
      input: { credential: clients.managerA.credential },
    });
    await once(oc.client, 'Mutation', 'registerManager', {
      input: {
        credential: WireManager.credential(),
        token: createEnrolmentToken.token,
        cluster: { name: 'once', kind: 'process' },
        manager: { name: 'once-m1', version: '1' },
      },
    });
  });

  for (const path of LAST) {
    it(`holds for ${path}`, async () => {
      for (const who of ALL) await check(path, who);
    });
  }

  it('has an entry of the audit log for every act that was done, but for what managers report all the time', async () => {
    const auditor = new Browser(oc.url);
    await auditor.logIn('Ann');
    // What everybody asked for left the person as it was.
    await once(auditor, 'Mutation', 'updatePerson', {
      input: { id: targets.a.person, grants: [{ role: 'VIEWER' }] },
    });
    const targetsOf = async (name: string): Promise<number[]> => {
      const { auditLog } = await auditor.data(
        `query ($filter: AuditFilter) {
          auditLog(first: 1, filter: $filter) { edges { node { targets { totalCount } } } }
        }`,
        { filter: { action: [name], result: 'DONE' } },
      );
      return auditLog.edges.map(
        ({ node }: { node: { targets: { totalCount: number } } }) => node.targets.totalCount,
      );
    };
    const without: string[] = [];
    for (const { name } of rootFields('Mutation')) if (!(await targetsOf(name))[0]) without.push(name);
    const reports = ['leave', 'renewLease', 'reportCommand', 'reportMembership', 'reportMetrics'];
    // No credential here is old enough to be renewed.
    expect(without.sort()).toEqual([...reports, 'renewCredential'].sort());
  });

  it('has asked for every field that there is', () => {
    expect(allFields().filter((field) => !answered.has(field))).toEqual([]);
  });
});
