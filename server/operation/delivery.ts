import type { Deps } from '../deps.ts';
import type { ManagerPrincipal } from '../access/principal.ts';
import type { EventKind } from '../platform/generated/prisma/enums.ts';
import type { CommandModel } from '../platform/generated/prisma/models.ts';
import { conflict, type AppError } from '../platform/errors.ts';
import { change, type EventWriterDeps, type LoggedEvent, type Transaction } from '../platform/event-log.ts';
import { endingWithConsumer } from '../platform/iterate.ts';
import { inRounds } from '../platform/rounds.ts';
import { lockClusters, lockFreeClusters } from '../topology/lock.ts';
import { commandEvent, lockCommands } from './progress.ts';
import type { ClusterRow } from '../topology/service.ts';
import { ACTIVE_COMMAND } from './state.ts';

/** Commands that are to be handed over to the primary of an epoch. */
export interface Delivery {
  principal: ManagerPrincipal;
  epoch: number;
  ids: readonly string[];
}

export interface DeliverySink {
  /**
   * Marks commands as handed over: from then on only the manager can say that it did not begin them.
   * @returns those of them that there still are to hand over
   * @throws AppError CONFLICT when the manager is primary no more: it must get nothing then
   */
  mark(delivery: Delivery): Promise<ReadonlySet<string>>;
}

/**
 * Marks in one transaction what is to be handed over to many managers at once, as when a wave begins. A cluster that
 * somebody else is at has a transaction of its own, so that no other waits for it.
 */
export function deliveriesInRounds(deps: EventWriterDeps): DeliverySink {
  const together = inRounds<Delivery, ReadonlySet<string> | 'BUSY'>((deliveries) =>
    markDelivered(deps, deliveries, lockFreeClusters),
  );
  return {
    async mark(delivery) {
      const standing = await together(delivery);
      if (standing !== 'BUSY') return standing;
      const [alone] = await markDelivered(deps, [delivery], lockClusters);
      if (alone instanceof Error) throw alone;
      if (alone === 'BUSY') throw new Error(`There is no cluster ${delivery.principal.clusterId}.`);
      return alone!;
    },
  };
}

/**
 * The ids of the commands for the cluster of this primary: those that have not ended, oldest first, then each that is
 * issued, of which something else is wanted, or that expired, until the epoch is over. A command may come more than once.
 * @throws AppError CONFLICT when the manager is not, or no longer, the primary of that epoch.
 */
export const issuedCommands = (deps: Deps, principal: ManagerPrincipal, epoch: number) =>
  endingWithConsumer(async function* (signal) {
    const { events, leave } = deps.tail.clusters.follow(principal.clusterId, FOLLOWED);
    signal.addEventListener('abort', leave);
    try {
      yield* followCommands(deps, principal, epoch, events);
    } finally {
      leave();
    }
  });

async function* followCommands(
  deps: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  news: AsyncIterable<LoggedEvent[]>,
): AsyncGenerator<string, void, void> {
  const { clusterId } = principal;
  await mustBePrimary(deps, principal, epoch);
  const waiting = await deps.prisma.command.findMany({
    where: { clusterId, OR: [ACTIVE, expiredUnseen(deps.clock.now())] },
    orderBy: [{ issuedAt: 'asc' }, { id: 'asc' }],
    select: { id: true },
  });
  yield* deliver(
    deps,
    principal,
    epoch,
    waiting.map(({ id }) => id),
  );
  for await (const events of news) {
    if (events.some(({ kind }) => MOVES_LEASE.has(kind))) await mustBePrimary(deps, principal, epoch);
    const told = events.filter(({ kind }) => MOVES_COMMAND.has(kind));
    const ids = told.map(({ commandId }) => commandId).filter((id) => id !== null);
    yield* deliver(deps, principal, epoch, [...new Set(ids)]);
  }
}

/** After these a manager may be primary no more: another one is, or nobody. */
const MOVES_LEASE = new Set<EventKind>(['MANAGER_PROMOTED', 'MANAGER_LEFT', 'MANAGER_REVOKED']);
const MOVES_COMMAND = new Set<EventKind>(['COMMAND_ISSUED', 'COMMAND_WISHED']);
const FOLLOWED = new Set([...MOVES_LEASE, ...MOVES_COMMAND]);

/** Commands that a manager is to have now: not one that it was too busy for, before its time has come. */
const ACTIVE = { status: { in: [...ACTIVE_COMMAND] }, notBefore: null };

/**
 * Commands that expired although a manager has them, and may not know. They are delivered with `abortRequested`, for as
 * long as such a manager may have been away: the longest time that a command can wait.
 */
const expiredUnseen = (now: Date) => ({
  status: 'EXPIRED' as const,
  deliveredAt: { not: null },
  finishedAt: { gt: new Date(now.getTime() - WEEK_MS) },
});
const WEEK_MS = 7 * 86_400_000;

async function mustBePrimary({ prisma }: Deps, principal: ManagerPrincipal, epoch: number): Promise<void> {
  const cluster = await prisma.cluster.findUniqueOrThrow({
    where: { id: principal.clusterId },
    select: { primaryId: true, epoch: true },
  });
  if (!isPrimary(cluster, principal, epoch)) throw over(cluster, epoch);
}

const isPrimary = (
  cluster: Pick<ClusterRow, 'primaryId' | 'epoch'>,
  { managerId }: ManagerPrincipal,
  epoch: number,
): boolean => cluster.primaryId === managerId && cluster.epoch === epoch;

const over = (cluster: Pick<ClusterRow, 'epoch'>, epoch: number): AppError =>
  conflict(`Epoch ${epoch} is over.`, { field: 'epoch', epoch: cluster.epoch });

/** Commands that are marked together: a manager that goes away may not have got the last of so many. */
const AT_ONCE = 20;

/** Hands commands over, those that there are to hand over, each after it was marked. @throws as {@link DeliverySink.mark} */
async function* deliver(
  { deliveries }: Deps,
  principal: ManagerPrincipal,
  epoch: number,
  ids: readonly string[],
): AsyncGenerator<string, void, void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const some = ids.slice(from, from + AT_ONCE);
    const standing = await deliveries.mark({ principal, epoch, ids: some });
    yield* some.filter((id) => standing.has(id));
  }
}

/** Of each delivery what is standing, or why it must not be made, or that its cluster's row could not be had. */
async function markDelivered(
  deps: EventWriterDeps,
  deliveries: readonly Delivery[],
  lock: (tx: Transaction, ids: readonly string[]) => Promise<ClusterRow[]>,
): Promise<(ReadonlySet<string> | AppError | 'BUSY')[]> {
  const now = deps.clock.now();
  return change(deps, async (tx, record) => {
    // Under its lock a cluster has no other primary before this is committed.
    const locked = await lock(tx, [...new Set(deliveries.map(({ principal }) => principal.clusterId))]);
    const clusters = new Map(locked.map((cluster) => [cluster.id, cluster]));
    const rightful = deliveries.filter(({ principal, epoch }) => {
      const cluster = clusters.get(principal.clusterId);
      return cluster && isPrimary(cluster, principal, epoch);
    });
    const ids = [...new Set(rightful.flatMap((delivery) => delivery.ids))];
    const { first, standing } = await markIn(tx, ids, now);
    const managers = new Map(rightful.map(({ principal }) => [principal.clusterId, principal]));
    for (const command of first) {
      const told = `${clusters.get(command.clusterId)!.name}: its manager has the command.`;
      record(commandEvent('COMMAND_CHANGED', command, told, managers.get(command.clusterId)));
    }
    return deliveries.map((delivery) => {
      const cluster = clusters.get(delivery.principal.clusterId);
      if (!cluster) return 'BUSY';
      if (!rightful.includes(delivery)) return over(cluster, delivery.epoch);
      return new Set(delivery.ids.filter((id) => standing.has(id)));
    });
  });
}

async function markIn(
  tx: Transaction,
  ids: string[],
  now: Date,
): Promise<{ first: CommandModel[]; standing: ReadonlySet<string> }> {
  if (ids.length === 0) return { first: [], standing: new Set() };
  await lockCommands(tx, { ids });
  const first = await tx.command.updateManyAndReturn({
    where: { id: { in: ids }, ...ACTIVE, deliveredAt: null },
    data: { deliveredAt: now },
  });
  const standing = await tx.command.findMany({
    where: { id: { in: ids }, OR: [ACTIVE, expiredUnseen(now)] },
    select: { id: true },
  });
  return { first, standing: new Set(standing.map(({ id }) => id)) };
}
