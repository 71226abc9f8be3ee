import { change, type EventWriterDeps } from '../platform/event-log.ts';
import type { Deps } from '../deps.ts';
import { loadCalendar, outOfWindow } from './calendar/load.ts';
import { commandEvent, countMoves, lockCommands } from './progress.ts';

/** Issued, not begun and not to be ended. */
export const UNBEGUN = {
  status: { in: ['PENDING' as const, 'ACCEPTED' as const] },
  startedAt: null,
  abortRequested: false,
};

const WHY = 'Its maintenance window closed before it was begun';

/**
 * Takes back what was not begun while its window was open. What no manager has is planned again at once; a manager that
 * has a command is asked to end it, and when it has another attempt takes the command's place (see commands.ts). So
 * nothing begins out of its window unless its manager, unheard, began it before it could be told.
 */
export async function takeBack(
  deps: EventWriterDeps & Pick<Deps, 'prisma'>,
  operationId: string,
): Promise<void> {
  const now = deps.clock.now();
  const closed = outOfWindow(await loadCalendar(deps.prisma, now), now);
  if (!closed) return;
  const late = { operationId, ...UNBEGUN, AND: [closed.commands] };
  const found = await deps.prisma.command.findMany({ where: late, select: { id: true } });
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return;
  await change(deps, async (tx, record) => {
    await lockCommands(tx, { ids });
    const planned = await tx.command.updateManyAndReturn({
      where: { id: { in: ids }, ...late, status: 'PENDING', deliveredAt: null },
      data: { status: 'PLANNED', issuedAt: null, notBefore: null, managerWaits: null },
    });
    await countMoves(
      tx,
      planned.map(({ waveId }) => ({ waveId, from: 'PENDING', to: 'PLANNED' })),
    );
    const told = await tx.command.updateManyAndReturn({
      where: { id: { in: ids }, ...late, deliveredAt: { not: null } },
      data: { takenBack: true, abortRequested: true },
    });
    record(
      ...planned.map((command) =>
        commandEvent('COMMAND_CHANGED', command, `${WHY}: it waits for the next one.`),
      ),
      ...told.map((command) => commandEvent('COMMAND_WISHED', command, `${WHY}: it is taken back.`)),
    );
  });
}
