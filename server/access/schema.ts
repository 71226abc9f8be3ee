import { z } from 'zod';
import { builder } from '../graphql/builder.ts';
import * as input from '../graphql/input.ts';
import { createEnrolmentToken } from './enrolment.ts';

const CreateEnrolmentTokenInput = builder.inputType('CreateEnrolmentTokenInput', {
  fields: (t) => ({
    clusterName: t.string({
      description: 'The cluster it admits to; null: any.',
      validate: input.name.nullish(),
    }),
    uses: t.int({ defaultValue: 1, validate: z.int().min(1).max(1000).nullish() }),
    expiresInSeconds: t.int({ defaultValue: 3600, validate: z.int().min(1).max(31_536_000).nullish() }),
  }),
});
const CreateEnrolmentTokenPayload = builder
  .objectRef<{ token: string; expiresAt: Date; uses: number }>('CreateEnrolmentTokenPayload')
  .implement({
    authScopes: { operator: true },
    fields: (t) => ({
      token: t.exposeString('token', { description: 'Shown this once; only its hash is kept.' }),
      expiresAt: t.expose('expiresAt', { type: 'DateTime' }),
      uses: t.exposeInt('uses'),
    }),
  });

builder.mutationFields((t) => ({
  createEnrolmentToken: t.field({
    type: CreateEnrolmentTokenPayload,
    authScopes: { operator: true },
    args: { input: t.arg({ type: CreateEnrolmentTokenInput, required: true }) },
    resolve: (_parent, { input: { clusterName, uses, expiresInSeconds } }, { deps, ...caller }) =>
      createEnrolmentToken(deps.prisma, deps.clock, caller, {
        clusterName: clusterName ?? null,
        uses: uses ?? 1,
        expiresInSeconds: expiresInSeconds ?? 3600,
      }),
  }),
}));
