import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import type { Context } from '../../graphql/context.ts';
import * as input from '../../graphql/input.ts';
import { UNLOGGED } from '../../graphql/unlogged.ts';
import { AppError } from '../../platform/errors.ts';
import { ADMINISTRATORS } from '../administrators.ts';
import { deviceCookie } from '../device.ts';
import { invitationOf } from '../invitation.ts';
import { acceptInvitation, changePassword, createFirstAdministrator, logIn, logOut } from '../log-in.ts';
import type { LoggedIn } from '../person.ts';
import { permissionsOf } from '../permission.ts';
import { grantsOf, type Caller, type PersonPrincipal, type Principal } from '../principal.ts';
import { sessionCookie } from '../session.ts';
import { Grant, Permission } from './grant.ts';

const ViewerKind = builder.enumType('ViewerKind', {
  description: 'LOCAL: authentication is off, and whoever is on the OC’s machine may do everything.',
  values: ['ANONYMOUS', 'LOCAL', 'PERSON', 'KEY', 'MANAGER'] as const,
});
const Authentication = builder.enumType('Authentication', { values: ['ON', 'OFF'] as const });

export const Viewer = builder.objectRef<Principal>('Viewer').implement({
  description: 'Who asks, and what they may do.',
  authScopes: { public: true },
  fields: (t) => ({
    authentication: t.field({
      type: Authentication,
      description: 'OFF: everybody on the OC’s machine may do everything.',
      resolve: (_viewer, _args, { deps }) => (deps.authentication ? 'ON' : 'OFF'),
    }),
    kind: t.field({
      type: ViewerKind,
      // The OC itself asks nothing.
      resolve: ({ kind }) => kind.toUpperCase() as Exclude<Uppercase<typeof kind>, 'SYSTEM'>,
    }),
    personId: t.id({
      nullable: true,
      resolve: (viewer) => (viewer.kind === 'person' ? viewer.personId : null),
    }),
    name: t.string({ nullable: true, resolve: (viewer) => ('name' in viewer ? viewer.name : null) }),
    grants: t.field({ type: [Grant], resolve: (viewer) => [...grantsOf(viewer)] }),
    viewerCan: t.field({
      type: [Permission],
      description: 'What is about no cluster in particular.',
      resolve: permissionsOf,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the session or the API key ends, however it is used.',
      extensions: UNLOGGED,
      resolve: (viewer) => ('expiresAt' in viewer ? viewer.expiresAt : null),
    }),
    firstAdministratorWanted: t.boolean({
      description:
        'Nobody can administer yet: the server has printed a link by which someone becomes the first.',
      extensions: UNLOGGED,
      resolve: async (_viewer, _args, { deps }) =>
        deps.authentication && (await deps.prisma.person.count({ where: ADMINISTRATORS, take: 1 })) === 0,
    }),
  }),
});

const Invitation = builder
  .objectRef<{ person: { name: string } | null; expiresAt: Date }>('Invitation')
  .implement({
    description: 'A link by which somebody chooses a password.',
    authScopes: { public: true },
    fields: (t) => ({
      name: t.string({
        nullable: true,
        description: 'Of the person who is invited; null: whoever has it becomes the first administrator.',
        resolve: ({ person }) => person?.name ?? null,
      }),
      expiresAt: t.expose('expiresAt', { type: 'DateTime', extensions: UNLOGGED }),
    }),
  });

const token = z.string().regex(/^oci_[\w-]{43}$/, 'is no token of an invitation');
const given = z.string().max(200, 'must have at most 200 characters');
/** NIST SP 800-63B: long, and whatever one likes. */
const chosen = given.min(12, 'must have at least 12 characters');

const LogInInput = builder.inputType('LogInInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: given }),
    password: t.string({ required: true, validate: given }),
  }),
});
const CreateFirstAdministratorInput = builder.inputType('CreateFirstAdministratorInput', {
  fields: (t) => ({
    token: t.string({ required: true, validate: token }),
    name: t.string({ required: true, validate: input.name }),
    password: t.string({ required: true, validate: chosen }),
  }),
});
const AcceptInvitationInput = builder.inputType('AcceptInvitationInput', {
  fields: (t) => ({
    token: t.string({ required: true, validate: token }),
    password: t.string({ required: true, validate: chosen }),
  }),
});
const ChangePasswordInput = builder.inputType('ChangePasswordInput', {
  fields: (t) => ({
    current: t.string({ required: true, validate: given }),
    password: t.string({ required: true, validate: chosen }),
  }),
});

builder.queryFields((t) => ({
  viewer: t.field({
    type: Viewer,
    authScopes: { public: true },
    extensions: UNLOGGED,
    resolve: (_query, _args, { principal }) => principal,
  }),
  invitation: t.field({
    type: Invitation,
    description: 'NOT_FOUND when it was used, has expired, or was replaced.',
    authScopes: { public: true },
    extensions: UNLOGGED,
    args: { token: t.arg.string({ required: true, validate: token }) },
    resolve: (_query, args, { deps }) => invitationOf(deps, args.token),
  }),
}));

builder.mutationFields((t) => ({
  logIn: t.field({
    type: Viewer,
    description:
      'Begins a session, in a cookie. UNAVAILABLE with `retryAfterSeconds` after too many attempts in vain.',
    authScopes: { public: true },
    args: { input: t.arg({ type: LogInInput, required: true }) },
    resolve: (_mutation, args, context) =>
      comeIn(context, () => logIn(context.deps, callerOf(context), args.input)),
  }),
  logOut: t.field({
    type: Viewer,
    description: 'Ends the session on every server, with all that is open under it.',
    authScopes: { person: true },
    args: {
      everywhere: t.arg.boolean({ defaultValue: false, description: 'And all of one’s other sessions.' }),
    },
    resolve: async (_mutation, { everywhere }, context) => {
      const caller = { ...callerOf(context), principal: asPerson(context.principal) };
      await logOut(context.deps, caller, everywhere ?? false);
      context.setCookie?.(sessionCookie(null, context.deps.sessions));
      return { kind: 'anonymous' as const };
    },
  }),
  changePassword: t.field({
    type: Viewer,
    description: 'Ends all of one’s sessions and begins a new one.',
    authScopes: { person: true },
    args: { input: t.arg({ type: ChangePasswordInput, required: true }) },
    resolve: (_mutation, args, context) =>
      comeIn(context, () =>
        changePassword(
          context.deps,
          { ...callerOf(context), principal: asPerson(context.principal) },
          args.input,
        ),
      ),
  }),
  acceptInvitation: t.field({
    type: Viewer,
    description: 'Chooses a password and logs in. An invitation is good for once.',
    authScopes: { public: true },
    args: { input: t.arg({ type: AcceptInvitationInput, required: true }) },
    resolve: (_mutation, args, context) =>
      comeIn(context, () => acceptInvitation(context.deps, callerOf(context), args.input)),
  }),
  createFirstAdministrator: t.field({
    type: Viewer,
    description:
      'By the link that the server printed at its start, while there is no administrator; logs in.',
    authScopes: { public: true },
    args: { input: t.arg({ type: CreateFirstAdministratorInput, required: true }) },
    resolve: (_mutation, args, context) =>
      comeIn(context, () => createFirstAdministrator(context.deps, callerOf(context), args.input)),
  }),
}));

const callerOf = ({ principal, from, device }: Context): Caller => ({ principal, from, device });

/** Puts the session that begins into the answer's cookie; `work` has ended the one before. @throws AppError INVALID over a WebSocket */
async function comeIn(context: Context, work: () => Promise<LoggedIn>): Promise<Principal> {
  if (!context.setCookie)
    throw new AppError('INVALID', 'A session begins over HTTP: its cookie comes with the answer.');
  const { principal, secret, device } = await work();
  context.setCookie(sessionCookie(secret, context.deps.sessions));
  if (device) context.setCookie(deviceCookie(device, context.deps.sessions));
  return principal;
}

/** The field's `authScopes` have made sure of it. @throws AppError FORBIDDEN otherwise */
function asPerson(principal: Principal): PersonPrincipal {
  if (principal.kind === 'person') return principal;
  throw new AppError('FORBIDDEN', 'This is for people who are logged in.');
}
