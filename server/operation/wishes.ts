import type { Prisma } from '../platform/generated/prisma/client.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import { commandEvent, countMoves, loseSteps, skipSteps } from './progress.ts';
import { ACTIVE_COMMAND } from './state.ts';

/*
 * What is wanted of commands. A manager that has a command learns of it because the command is delivered once more:
 * the row always says what is wanted now. The commands' rows are locked by the caller.
 */

export interface Ending {
  /** A sentence. */
  why: string;
  /** Not after the batch under way, but now. */
  atOnce: boolean;
  now: Date;
  actor?: { name: string };
}

/** Commands that have not ended although no manager of their clusters is heard. */
export const LOST_COMMAND = {
  status: { in: [...ACTIVE_COMMAND] },
  cluster: { link: 'SILENT' },
} satisfies Prisma.CommandWhereInput;

/**
 * Ends what no manager has, and asks the managers to end what they have. At once: gives up on what those have that are
 * not heard. Answers what is to be told.
 */
export async function abortCommands(
  tx: Transaction,
  where: Prisma.CommandWhereInput,
  { why, atOnce, now, actor }: Ending,
): Promise<NewEvent[]> {
  const ended = await endUndelivered(tx, where, 'ABORTED', why, now, actor);
  if (atOnce) {
    const silent = { AND: [where, LOST_COMMAND] };
    const unknown = `${why} No manager of the cluster is heard: what it still does is not known.`;
    ended.push(...(await giveUp(tx, silent, { why: unknown, now, ...(actor && { actor }) })));
  }
  const told = await tx.command.updateManyAndReturn({
    where: { AND: [where], status: { in: [...ACTIVE_COMMAND] } },
    data: { abortRequested: true, takenBack: false, ...(atOnce && { abortAtOnce: true }) },
  });
  return [
    ...ended,
    ...told.map((command) =>
      commandEvent(
        'COMMAND_WISHED',
        command,
        atOnce ? 'Abort at once requested.' : 'Abort requested.',
        actor,
      ),
    ),
  ];
}

/**
 * Ends commands as EXPIRED and answers what is to be told. A manager that may have them learns of it in the same words as
 * of an abort; and what it has done all the same is told as it was, whenever it says so.
 */
export async function giveUp(
  tx: Transaction,
  where: Prisma.CommandWhereInput,
  { why, now, actor }: Omit<Ending, 'atOnce'>,
): Promise<NewEvent[]> {
  const before = await tx.command.findMany({ where, select: { id: true, status: true } });
  const statusOf = new Map(before.map(({ id, status }) => [id, status]));
  const expired = await tx.command.updateManyAndReturn({
    where: { id: { in: [...statusOf.keys()] } },
    data: {
      abortRequested: true,
      status: 'EXPIRED',
      statusReason: why,
      finishedAt: now,
      managerWaits: null,
    },
  });
  await countMoves(
    tx,
    expired.map(({ id, waveId }) => ({ waveId, from: statusOf.get(id)!, to: 'EXPIRED' })),
  );
  const had = expired.filter(({ deliveredAt }) => deliveredAt !== null);
  await loseSteps(tx, had, why);
  await skipSteps(tx, expired, why, now);
  return expired.map((command) => commandEvent('COMMAND_WISHED', command, `EXPIRED. ${why}`, actor));
}

/** Ends commands that no manager has got, with their steps, and answers what is to be told. */
export async function endUndelivered(
  tx: Transaction,
  where: Prisma.CommandWhereInput,
  status: 'ABORTED' | 'SKIPPED',
  why: string,
  now: Date,
  actor?: { name: string },
): Promise<NewEvent[]> {
  const undelivered = {
    AND: [where],
    current: true,
    deliveredAt: null,
    status: { in: ['PLANNED' as const, 'PENDING' as const] },
  };
  const before = await tx.command.findMany({ where: undelivered, select: { id: true, status: true } });
  const statusOf = new Map(before.map((command) => [command.id, command.status]));
  const ended = await tx.command.updateManyAndReturn({
    where: { id: { in: [...statusOf.keys()] } },
    data: { status, statusReason: why, finishedAt: now, abortRequested: status === 'ABORTED' },
  });
  await countMoves(
    tx,
    ended.map(({ id, waveId }) => ({ waveId, from: statusOf.get(id)!, to: status })),
  );
  await skipSteps(tx, ended, why, now);
  return ended.map((command) =>
    commandEvent('COMMAND_CHANGED', command, `${status} before it reached its manager. ${why}`, actor),
  );
}

/** Has commands that a manager has, or is to have, delivered once more. */
export async function tellActive(
  tx: Transaction,
  where: Prisma.CommandWhereInput,
  summary: string,
  actor?: { name: string },
): Promise<NewEvent[]> {
  const active = await tx.command.findMany({
    where: { AND: [where], status: { in: [...ACTIVE_COMMAND] } },
    select: { id: true, operationId: true, clusterId: true },
  });
  return active.map((command) => commandEvent('COMMAND_WISHED', command, summary, actor));
}
