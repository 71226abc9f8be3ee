/**
 * The rules of the house: schema.graphql is all that server, manager, cli and ui share, and inside the server imports run
 * one way: main -> app -> duties, graphql/schema -> <domain>/schema -> <domain>/service -> pure files, and among the domains
 * access <- topology <- manager <- metric <- operation. In the UI: kit <- live <- access, manager, operation <- topology <- shell.
 */
const apart = (from, others) => ({
  name: `${from}-is-apart`,
  comment: 'schema.graphql is the only thing that the programs share.',
  severity: 'error',
  from: { path: `^${from}/`, pathNot: '\\.test\\.ts$' },
  to: { path: `^(${others.join('|')})/` },
});

/** Folders of which each may import from those before it only. */
const oneWay = (program, folders, { inside, comment }) =>
  folders.slice(0, -1).map((folder, index) => ({
    name: `${program}-${folder}-knows-none-above`,
    comment,
    severity: 'error',
    from: { path: `^${inside}/${folder}/` },
    to: { path: `^(${inside}|\\$lib)/(${folders.slice(index + 1).join('|')})/` },
  }));

const domains = ['access', 'topology', 'manager', 'metric', 'operation'];
const DECISIONS =
  'topology/(status|tally)|access/grants|operation/(plan|planned|waves|batches|warnings|strategy|estimate|digest|advance|hold|state|approval/needed|calendar/(calendar|offline))|manager/(lease|round)';
const screens = ['kit', 'live', 'access', 'manager', 'operation', 'topology', 'shell'];

export default {
  forbidden: [
    {
      name: 'no-circles',
      severity: 'error',
      from: {},
      to: { circular: true, dependencyTypesNot: ['type-only'] },
    },
    apart('server', ['manager', 'cli', 'ui', 'demo', 'test', 'bench']),
    apart('manager', ['server', 'cli', 'ui', 'demo', 'test', 'bench']),
    apart('cli', ['server', 'manager', 'ui', 'demo', 'test', 'bench']),
    apart('ui', ['server', 'manager', 'cli', 'demo', 'test', 'bench']),
    ...oneWay('server', domains, {
      inside: 'server',
      comment: 'News that must travel backwards goes over the bus.',
    }),
    ...oneWay('ui', screens, {
      inside: 'ui/lib',
      comment: 'News of one page that others show goes through the store in live/.',
    }),
    {
      name: 'platform-is-the-ground',
      severity: 'error',
      from: { path: '^server/platform/' },
      to: { path: `^server/(graphql|http|duties|app|main|${domains.join('|')})` },
    },
    {
      name: 'services-know-no-api',
      comment: 'A service takes Deps (a type); builders, types and transports are the schema’s business.',
      severity: 'error',
      from: { path: `^server/(${domains.join('|')})/(audit/)?[^/]+\\.ts$`, pathNot: '/schema\\.ts$' },
      to: { path: `^server/(graphql/|(${domains.join('|')})/(audit/)?schema(/|\\.ts))` },
    },
    {
      name: 'decisions-do-no-io',
      comment: 'What decides: no database, no network, no clock.',
      severity: 'error',
      from: { path: `^server/(${DECISIONS})\\.ts$` },
      to: {
        pathNot: `^server/(${DECISIONS}|platform/generated/prisma/enums)\\.ts$|^(node:)?crypto$|^croner$|node_modules/croner/`,
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'top-is-known-to-none-below',
      comment: 'What wires or runs the domains is no part of any.',
      severity: 'error',
      from: { path: '^server/[^/]+/' },
      to: { path: '^server/(duties|app|main)\\.ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(generated|\\.svelte-kit|build)/|graphql-env\\.d\\.ts$' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.mjs', '.svelte', '.json'] },
  },
};
