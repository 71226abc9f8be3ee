import { randomUUID } from 'node:crypto';
import type { Transaction } from '../platform/event-log.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { CommandModel } from '../platform/generated/prisma/models.ts';

/** Another attempt, and the command whose place it takes. */
export interface Attempt {
  id: string;
  before: CommandModel;
}

/** Steps that another attempt has to do: they did not succeed, and were not left out on purpose. */
export const TO_DO = { status: { not: 'SUCCEEDED' }, skipRequested: false } satisfies Prisma.StepWhereInput;

/**
 * Puts another attempt in the place of each of these commands, PLANNED, with the steps that there are to do; of a node
 * that is named, with its step alone. In a number of statements that does not grow with them. The caller has seen that
 * each has such a step, and keeps the waves' counters.
 */
export async function replaceCommands(
  tx: Transaction,
  commands: readonly CommandModel[],
  nodeId: string | null = null,
): Promise<Attempt[]> {
  const attempts = commands.map((before) => ({ before, id: randomUUID() }));
  const pairs = JSON.stringify(attempts.map(({ before, id }) => ({ before: before.id, id })));
  await tx.command.updateMany({
    where: { id: { in: attempts.map(({ before }) => before.id) } },
    data: { current: false },
  });
  await tx.$executeRaw`
    INSERT INTO command (id, operation_id, cluster_id, wave_id, attempt, position, kind, mode, rolling, status)
    SELECT p.id, c.operation_id, c.cluster_id, c.wave_id, c.attempt + 1, c.position, c.kind, c.mode, c.rolling, 'PLANNED'
    FROM jsonb_to_recordset(${pairs}::jsonb) AS p(before text, id text) JOIN command c ON c.id = p.before`;
  const only = nodeId === null ? Prisma.sql`AND NOT s.skip_requested` : Prisma.sql`AND s.node_id = ${nodeId}`;
  await tx.$executeRaw`
    INSERT INTO step (id, command_id, node_id, node_name, batch, position, status, output)
    SELECT gen_random_uuid()::text, p.id, s.node_id, s.node_name, s.batch, s.position, 'PENDING', '{}'
    FROM jsonb_to_recordset(${pairs}::jsonb) AS p(before text, id text)
    JOIN step s ON s.command_id = p.before AND s.status <> 'SUCCEEDED' ${only}`;
  return attempts;
}
