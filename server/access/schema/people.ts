import { builder } from '../../graphql/builder.ts';
import { connectionOf } from '../../graphql/connection.ts';
import { CHECKED_CURSORS } from '../../graphql/cursors.ts';
import * as input from '../../graphql/input.ts';
import { byText, Keyset } from '../../graphql/keyset.ts';
import { listed } from '../../graphql/listed.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { contains } from '../../platform/contains.ts';
import type { Prisma } from '../../platform/generated/prisma/client.ts';
import type { PersonModel } from '../../platform/generated/prisma/models.ts';
import { grantsIn } from '../administrators.ts';
import type { Invited } from '../invitation.ts';
import { createPerson, endSessions, invitePerson, updatePerson } from '../people.ts';
import { sessionCookie } from '../session.ts';
import { Grant, GrantInput, Role, grantList, grantsFrom } from './grant.ts';

const PersonStatus = builder.enumType('PersonStatus', {
  description: 'INVITED: has not chosen a password yet. DISABLED: nobody gets in by that name.',
  values: ['INVITED', 'ACTIVE', 'DISABLED'] as const,
});
type Status = typeof PersonStatus.$inferType;

const STATUS: Record<Status, Prisma.PersonWhereInput> = {
  INVITED: { disabled: false, passwordHash: null },
  ACTIVE: { disabled: false, passwordHash: { not: null } },
  DISABLED: { disabled: true },
};

export const Person = builder.prismaObject('Person', {
  authScopes: { administratorOfAll: true },
  fields: (t) => ({
    id: t.exposeID('id'),
    name: t.exposeString('name', { description: 'Names that differ in case only are the same.' }),
    status: t.field({
      type: PersonStatus,
      resolve: ({ disabled, passwordHash }) =>
        disabled ? 'DISABLED' : passwordHash === null ? 'INVITED' : 'ACTIVE',
    }),
    grants: t.field({ type: [Grant], resolve: ({ grants }) => grantsIn(grants) }),
    createdAt: t.expose('createdAt', { type: 'DateTime', extensions: UNLOGGED }),
    createdBy: t.exposeString('createdBy'),
    lastLogInAt: t.expose('lastLogInAt', { type: 'DateTime', nullable: true, extensions: UNLOGGED }),
    sessionCount: t.relationCount('sessions', {
      description: 'In how many browsers the person is logged in.',
      extensions: UNLOGGED,
    }),
  }),
});

const PersonConnection = connectionOf(Person, 'Person');

const PersonFilter = builder.inputType('PersonFilter', {
  description: 'A person passes who passes every part that is set.',
  fields: (t) => ({
    search: t.string({ description: 'Part of the name.', validate: input.search.nullish() }),
    status: t.field({ type: [PersonStatus] }),
    role: t.field({ type: [Role], description: 'Has a grant of one of these roles.' }),
  }),
});

function personWhere(filter: typeof PersonFilter.$inferInput | null | undefined): Prisma.PersonWhereInput {
  const { search, status, role } = filter ?? {};
  const and: Prisma.PersonWhereInput[] = [];
  if (search) and.push({ name: contains(search) });
  if (status) and.push({ OR: status.map((one) => STATUS[one]) });
  if (role) and.push({ OR: role.map((one) => ({ grants: { array_contains: [{ role: one }] } })) });
  return { AND: and };
}

/** A name is one person’s alone. */
const BY_NAME = new Keyset<Prisma.PersonWhereInput, Prisma.PersonOrderByWithRelationInput>(byText('name'));

builder.queryFields((t) => ({
  person: t.prismaField({
    type: Person,
    nullable: true,
    authScopes: { administratorOfAll: true },
    extensions: UNLOGGED,
    args: { id: t.arg.id({ required: true, validate: input.id }) },
    resolve: (query, _parent, { id }, { deps }) => deps.prisma.person.findUnique({ ...query, where: { id } }),
  }),
  people: t.connection(
    {
      type: Person,
      description: 'By name.',
      authScopes: { administratorOfAll: true },
      extensions: { ...CHECKED_CURSORS, ...UNLOGGED },
      args: { filter: t.arg({ type: PersonFilter }) },
      resolve: (_parent, { filter, ...args }, context, info) =>
        listed(BY_NAME, args, personWhere(filter), context.deps.prisma.person, context, info),
    },
    PersonConnection,
  ),
}));

const InvitedPerson = builder
  .objectRef<{ person: PersonModel; invitation: Invited }>('InvitedPerson')
  .implement({
    description: 'A person, and the link by which the person chooses a password.',
    authScopes: { administratorOfAll: true },
    fields: (t) => ({
      person: t.expose('person', { type: Person }),
      path: t.string({
        description:
          'Give it to the person, behind the OC’s address. Shown this once; only its hash is kept.',
        resolve: ({ invitation }) => `/welcome?token=${invitation.token}`,
      }),
      token: t.string({ description: 'That of `path`.', resolve: ({ invitation }) => invitation.token }),
      expiresAt: t.field({
        type: 'DateTime',
        extensions: UNLOGGED,
        resolve: ({ invitation }) => invitation.expiresAt,
      }),
    }),
  });

const CreatePersonInput = builder.inputType('CreatePersonInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    grants: t.field({ type: [GrantInput], required: true, validate: grantList }),
    reason: t.string({ description: 'Why, for the audit log.', validate: input.line.nullish() }),
  }),
});
const UpdatePersonInput = builder.inputType('UpdatePersonInput', {
  fields: (t) => ({
    id: t.id({ required: true, validate: input.id }),
    grants: t.field({
      type: [GrantInput],
      description: 'In place of those before.',
      validate: grantList.nullish(),
    }),
    disabled: t.boolean(),
    reason: t.string({ description: 'Why, for the audit log.', validate: input.line.nullish() }),
  }),
});

builder.mutationFields((t) => ({
  createPerson: t.field({
    type: InvitedPerson,
    description: 'Nobody chooses another’s password: the person does, by the invitation.',
    authScopes: { administratorOfAll: true },
    args: { input: t.arg({ type: CreatePersonInput, required: true }) },
    resolve: (_mutation, { input: { name, grants, reason } }, context) =>
      createPerson(context.deps, context, { name, grants: grantsFrom(grants), reason: reason ?? null }),
  }),
  invitePerson: t.field({
    type: InvitedPerson,
    description: 'A new invitation in place of any before, for who lost it or forgot the password.',
    authScopes: { administratorOfAll: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      reason: t.arg.string({ validate: input.line.nullish() }),
    },
    resolve: (_mutation, { id, reason }, context) =>
      invitePerson(context.deps, context, { id, reason: reason ?? null }),
  }),
  updatePerson: t.field({
    type: Person,
    description:
      'Changes what a person may do or whether the person may come in. Ends all the person’s sessions; who does it to themselves gets a new one. CONFLICT when nobody would be left who can administer the whole system.',
    authScopes: { administratorOfAll: true },
    args: { input: t.arg({ type: UpdatePersonInput, required: true }) },
    resolve: async (_mutation, { input: { id, grants, disabled, reason } }, context) => {
      const { person, loggedIn } = await updatePerson(context.deps, context, {
        id,
        grants: grants ? grantsFrom(grants) : null,
        disabled: disabled ?? null,
        reason: reason ?? null,
      });
      if (loggedIn) context.setCookie?.(sessionCookie(loggedIn.secret, context.deps.sessions));
      return person;
    },
  }),
  endSessions: t.field({
    type: Person,
    description:
      'Ends all sessions of a person on every server, with what is open under them. The person may log in again.',
    authScopes: { administratorOfAll: true },
    args: {
      id: t.arg.id({ required: true, validate: input.id }),
      reason: t.arg.string({ validate: input.line.nullish() }),
    },
    resolve: (_mutation, { id, reason }, context) =>
      endSessions(context.deps, context, { id, reason: reason ?? null }),
  }),
}));
