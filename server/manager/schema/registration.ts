import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { LabelInput } from '../../graphql/label.ts';
import type { CredentialTerm as CredentialTermShape } from '../../access/manager-credential.ts';
import { asManager } from '../../access/principal.ts';
import { renewCredential } from '../credential.ts';
import { registerManager, type Registered } from '../session.ts';
import { Lease } from './protocol.ts';

const CredentialTerm = builder.objectRef<CredentialTermShape>('CredentialTerm').implement({
  description:
    'How long a credential holds, and when to renew it: milliseconds from when the request was sent.',
  authScopes: { public: true },
  fields: (t) => ({ validForMs: t.exposeFloat('validForMs'), renewAfterMs: t.exposeFloat('renewAfterMs') }),
});

const credential = z.string().regex(/^ocm_[\w-]{43}$/, 'must be ocm_ and 32 random bytes in base64url');

const ClusterInput = builder.inputType('ClusterInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    kind: t.string({ required: true, validate: input.name }),
    labels: t.field({ type: [LabelInput], defaultValue: [], validate: input.labels.nullish() }),
  }),
});

const ManagerInput = builder.inputType('ManagerInput', {
  fields: (t) => ({
    name: t.string({ required: true, validate: input.name }),
    url: t.string({ validate: input.httpUrl.nullish() }),
    consoleUrl: t.string({ validate: input.httpUrl.nullish() }),
    host: t.string({ validate: input.shortText.nullish() }),
    pid: t.int({ validate: z.int().min(0).nullish() }),
    version: t.string({ required: true, validate: input.shortText }),
    capabilities: t.stringList({ defaultValue: [], validate: input.values.nullish() }),
  }),
});

const RegisterManagerInput = builder.inputType('RegisterManagerInput', {
  fields: (t) => ({
    credential: t.string({
      required: true,
      description:
        'The manager’s own secret, made by itself: `ocm_` and 32 random bytes in base64url. It is on every request until it is renewed.',
      validate: credential,
    }),
    token: t.string({
      description: 'Enrolment token: needed, and used, while the credential is not known here.',
      validate: input.shortText.nullish(),
    }),
    cluster: t.field({ type: ClusterInput, required: true }),
    manager: t.field({ type: ManagerInput, required: true }),
  }),
});

const RegisterManagerPayload = builder.objectRef<Registered>('RegisterManagerPayload').implement({
  authScopes: { public: true },
  fields: (t) => ({
    clusterId: t.exposeID('clusterId'),
    managerId: t.exposeID('managerId'),
    lease: t.expose('lease', { type: Lease }),
    credential: t.expose('credential', { type: CredentialTerm }),
  }),
});

const RenewCredentialInput = builder.inputType('RenewCredentialInput', {
  fields: (t) => ({
    credential: t.string({
      required: true,
      description: 'The new one, made as the first. It is on disk beside the one before when it is sent.',
      validate: credential,
    }),
  }),
});
const RenewCredentialPayload = builder
  .objectRef<{ credential: CredentialTermShape }>('RenewCredentialPayload')
  .implement({
    authScopes: { manager: true },
    fields: (t) => ({ credential: t.expose('credential', { type: CredentialTerm }) }),
  });

builder.mutationFields((t) => ({
  registerManager: t.field({
    type: RegisterManagerPayload,
    description: 'A manager that boots makes itself known.',
    authScopes: { public: true },
    args: { input: t.arg({ type: RegisterManagerInput, required: true }) },
    resolve: (_parent, { input: { credential, token, cluster, manager } }, { deps, ...caller }) =>
      registerManager(deps, caller, {
        credential,
        token: token ?? null,
        cluster: { name: cluster.name, kind: cluster.kind, labels: cluster.labels ?? [] },
        manager: {
          name: manager.name,
          url: manager.url ?? null,
          consoleUrl: manager.consoleUrl ?? null,
          host: manager.host ?? null,
          pid: manager.pid ?? null,
          version: manager.version,
          capabilities: manager.capabilities ?? [],
        },
      }),
  }),
  renewCredential: t.field({
    type: RenewCredentialPayload,
    description:
      'Gives a manager a new credential beside the one that it shows, which holds until the new one is first used or its own end. The same may be sent again.',
    authScopes: { manager: true },
    args: { input: t.arg({ type: RenewCredentialInput, required: true }) },
    resolve: async (_parent, args, { deps, ...caller }) => ({
      credential: await renewCredential(deps, caller, asManager(caller.principal), args.input.credential),
    }),
  }),
}));
