import { z } from 'zod';
import { builder } from '../../graphql/builder.ts';
import * as input from '../../graphql/input.ts';
import { asManager } from '../../access/principal.ts';
import { invalid } from '../../platform/errors.ts';
import { reportCommand } from '../commands.ts';
import { issuedCommands } from '../delivery.ts';
import type { StepReport } from '../steps.ts';
import { Command } from './command.ts';
import { CommandStatus, StepStatus } from './operation.ts';

const StepInput = builder.inputType('StepInput', {
  fields: (t) => ({
    nodeName: t.string({ required: true, validate: input.name }),
    status: t.field({ type: StepStatus, required: true }),
    reason: t.string({ validate: input.line.nullish() }),
    output: t.stringList({ defaultValue: [], validate: input.outputLines.nullish() }),
    instanceBefore: t.string({ validate: input.shortText.nullish() }),
    instanceAfter: t.string({ validate: input.shortText.nullish() }),
    startedAt: t.field({ type: 'DateTime' }),
    finishedAt: t.field({ type: 'DateTime' }),
  }),
});

/** @throws AppError INVALID for what only the OC says of a step. */
function stepFrom({ status, output, ...step }: typeof StepInput.$inferInput, index: number): StepReport {
  if (status === 'UNKNOWN')
    throw invalid(`input.steps.${index}.status`, 'a manager does not report a step as UNKNOWN');
  return { ...step, status, output: output ?? [] };
}

const ReportCommandInput = builder.inputType('ReportCommandInput', {
  fields: (t) => ({
    commandId: t.id({ required: true, validate: input.id }),
    epoch: t.int({ required: true, validate: z.int().min(0) }),
    sequence: t.int({
      required: true,
      description:
        'Grows with each report of this command; one that is not above the last applied is a duplicate.',
      validate: z.int().min(1).max(1_000_000_000),
    }),
    status: t.field({
      type: CommandStatus,
      required: true,
      description:
        'ACCEPTED, RUNNING, SUCCEEDED, FAILED, REFUSED, ABORTED or SKIPPED (all of its nodes were left out).',
    }),
    statusReason: t.string({ validate: input.line.nullish() }),
    waitingFor: t.string({ validate: input.line.nullish() }),
    retryAfterSeconds: t.int({
      description:
        'With REFUSED: the manager is busy now, and wants to be asked again after so many seconds.',
      validate: z.int().min(1).max(86_400).nullish(),
    }),
    steps: t.field({
      type: [StepInput],
      defaultValue: [],
      description: 'Steps that changed since the last report that was answered; all of them are fine too.',
      validate: z.array(z.unknown()).max(5000, 'must have at most 5,000 steps').nullish(),
    }),
  }),
});

const ReportCommandPayload = builder
  .objectRef<{ applied: boolean; sequence: number }>('ReportCommandPayload')
  .implement({
    authScopes: { manager: true },
    fields: (t) => ({
      applied: t.exposeBoolean('applied', {
        description: 'False for a duplicate, or when the command has ended.',
      }),
      sequence: t.exposeInt('sequence', { description: 'The last that is applied.' }),
    }),
  });

builder.mutationFields((t) => ({
  reportCommand: t.field({
    type: ReportCommandPayload,
    authScopes: { manager: true },
    args: { input: t.arg({ type: ReportCommandInput, required: true }) },
    resolve: (_parent, { input: report }, { deps, principal }) => {
      const { status } = report;
      if (status === 'PLANNED' || status === 'PENDING' || status === 'EXPIRED') {
        throw invalid('input.status', `a manager does not report a command as ${status}`);
      }
      return reportCommand(deps, asManager(principal), {
        ...report,
        status,
        statusReason: report.statusReason ?? null,
        waitingFor: report.waitingFor ?? null,
        retryAfterSeconds: report.retryAfterSeconds ?? null,
        steps: (report.steps ?? []).map((step, index) => stepFrom(step, index)),
      });
    },
  }),
}));

builder.subscriptionFields((t) => ({
  commandIssued: t.prismaField({
    type: Command,
    description:
      'For the primary manager: its cluster’s commands that have not ended, oldest first, then each that is issued or with which something else is wanted. The same command may come more than once.',
    authScopes: { manager: true },
    args: { epoch: t.arg.int({ required: true, validate: z.int().min(0) }) },
    subscribe: (_parent, { epoch }, { deps, principal }) => issuedCommands(deps, asManager(principal), epoch),
    resolve: (query, id, _args, { deps }) =>
      deps.prisma.command.findUniqueOrThrow({ ...query, where: { id: id as string } }),
  }),
}));
