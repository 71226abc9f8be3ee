import { EventKind as EventKindEnum } from '../../platform/generated/prisma/enums.ts';
import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { REVISION_CURSORS } from '../../graphql/cursors.ts';
import './cluster.ts';
import './node.ts';

const EventKind = builder.enumType(EventKindEnum, { name: 'EventKind' });

export const Event = builder.prismaObject('Event', {
  description: 'One change, as the log has it.',
  authScopes: { viewer: true },
  fields: (t) => ({
    revision: t.field({ type: 'Revision', resolve: ({ revision, mark }) => ({ revision, mark }) }),
    at: t.expose('at', { type: 'DateTime' }),
    kind: t.expose('kind', { type: EventKind }),
    summary: t.exposeString('summary', { description: 'One line for people.' }),
    actor: t.exposeString('actor', { nullable: true }),
    cluster: t.relation('cluster', { nullable: true }),
    node: t.relation('node', { nullable: true }),
  }),
});

export const EventConnection = connectionOf(Event, 'Event');

const newestFirst = { orderBy: { revision: 'desc' as const } };
const description = 'What happened, newest first.';

builder.prismaObjectFields('Cluster', (t) => ({
  history: t.relatedConnection(
    'events',
    { cursor: 'revision', totalCount: true, description, query: newestFirst, extensions: REVISION_CURSORS },
    EventConnection,
  ),
}));
builder.prismaObjectFields('Node', (t) => ({
  history: t.relatedConnection(
    'events',
    { cursor: 'revision', totalCount: true, description, query: newestFirst, extensions: REVISION_CURSORS },
    EventConnection,
  ),
}));
