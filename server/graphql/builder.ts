import SchemaBuilder from '@pothos/core';
import PrismaPlugin from '@pothos/plugin-prisma';
import RelayPlugin from '@pothos/plugin-relay';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import ValidationPlugin from '@pothos/plugin-validation';
import type PrismaTypes from '../platform/generated/pothos.ts';
import { getDatamodel } from '../platform/generated/pothos.ts';
import { invalidInput } from '../platform/errors.ts';
import type { Position } from '../platform/event-log.ts';
import { isAnywhere, isOverAll } from '../access/principal.ts';
import type { Context } from './context.ts';
import CursorsPlugin from './cursors.ts';
import { dateTime, revision } from './scalars.ts';
import { unauthorized } from './unauthorized.ts';

/** How many items a page of a connection holds unless asked otherwise, and at most. */
export const PAGE_SIZES = { defaultSize: 50, maxSize: 500 } as const;

/**
 * The schema under construction. Every type or field says who may see it (`authScopes`); a test fails on one that
 * does not. Scopes of one map are alternatives.
 */
export const builder = new SchemaBuilder<{
  Context: Context;
  PrismaTypes: PrismaTypes;
  DefaultFieldNullability: false;
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
  AuthScopes: {
    /** Anyone who can reach the server: the field checks what it needs by itself. */
    public: boolean;
    /** The role over any cluster at all: the resolver narrows to those clusters. */
    viewer: boolean;
    operator: boolean;
    administrator: boolean;
    /** The role of an administrator over the whole system. */
    administratorOfAll: boolean;
    /** Who is logged in with a browser. */
    person: boolean;
    manager: boolean;
    /** A manager of the cluster with this id. */
    managerOf: string;
  };
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    Revision: { Input: Position; Output: Position };
    ID: { Input: string; Output: string };
  };
  Connection: { totalCount: number | (() => number | Promise<number>) };
}>({
  plugins: [ScopeAuthPlugin, RelayPlugin, PrismaPlugin, ValidationPlugin, CursorsPlugin],
  defaultFieldNullability: false,
  relay: {
    cursorType: 'String',
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    edgesFieldOptions: { nullable: false },
    nodeFieldOptions: { nullable: false },
  },
  prisma: {
    client: ({ deps }) => deps.prisma,
    dmmf: getDatamodel(),
    exposeDescriptions: false,
    defaultConnectionSize: PAGE_SIZES.defaultSize,
    maxConnectionSize: PAGE_SIZES.maxSize,
    onUnusedQuery: 'error',
  },
  scopeAuth: {
    authorizeOnSubscribe: true,
    // Once an object, not once a field of it.
    runScopesOnType: true,
    authScopes: ({ principal }) => ({
      public: true,
      viewer: isAnywhere(principal, 'VIEWER'),
      operator: isAnywhere(principal, 'OPERATOR'),
      administrator: isAnywhere(principal, 'ADMINISTRATOR'),
      administratorOfAll: isOverAll(principal, 'ADMINISTRATOR'),
      person: principal.kind === 'person',
      manager: principal.kind === 'manager',
      managerOf: (clusterId) => principal.kind === 'manager' && principal.clusterId === clusterId,
    }),
    unauthorizedError: (_parent, { principal }, info) => unauthorized(principal, info),
  },
  validation: {
    validationError: ({ issues }) =>
      invalidInput(
        issues.map(({ path, message }) => ({
          path:
            (path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.') ||
            'input',
          message,
        })),
      ),
  },
});

builder.addScalarType('DateTime', dateTime);
builder.addScalarType('Revision', revision);

builder.queryType({});
builder.mutationType({});
builder.subscriptionType({});

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many there are in all, whatever the page.',
    resolve: ({ totalCount }) => (typeof totalCount === 'function' ? totalCount() : totalCount),
  }),
);
