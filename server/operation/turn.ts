import type { Deps } from '../deps.ts';
import { heldSince, type WaveHold } from './hold.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { OperationModel } from '../platform/generated/prisma/models.ts';
import { change, type EventWriterDeps, type NewEvent, type Transaction } from '../platform/event-log.ts';
import { abortCommands, tellActive } from './wishes.ts';
import { askAgain, expireCommands } from './commands.ts';
import { advance, type Act, type Decision } from './advance.ts';
import { earliest } from './calendar/calendar.ts';
import { commandEvent, countMoves, lockCommands, lockOperation, lockWaves, sumCounts } from './progress.ts';
import { ofClusters, operationEnded, operationStatus, waveEnded } from './state.ts';
import { loadView, type Loaded } from './view.ts';
import { takeBack } from './take-back.ts';
import { KIND_WORDS } from './words.ts';

type Record = (...events: NewEvent[]) => void;
export type ActorDeps = EventWriterDeps & Pick<Deps, 'prisma'>;

/** When to look at an operation again although nothing has happened. */
export interface Outlook {
  ended: boolean;
  /** It has ended, and its inverse is to be started. */
  revertDue: boolean;
  wakeAt: Date | null;
}

/**
 * Does all that is to be done for an operation now, each act in a transaction of its own that decides once more under
 * the locks of what it changes. Whoever dies in between leaves rows from which the next turn, of whatever server, goes on.
 * It ends after clusters were issued: while these are done there would be more to do again and again.
 */
export async function takeTurn(deps: ActorDeps, id: string): Promise<Outlook> {
  for (;;) {
    const next = await change(deps, (tx, record) => act(deps, tx, record, id));
    if (next === 'EXPIRE') await expireCommands(deps, id);
    else if (next === 'ASK_AGAIN') await askAgain(deps, id);
    else if (next === 'TAKE_BACK') await takeBack(deps, id);
    else if (next !== 'ACT') return next;
  }
}

type Next = 'EXPIRE' | 'ASK_AGAIN' | 'TAKE_BACK' | 'ACT' | Outlook;

const GONE: Outlook = { ended: true, revertDue: false, wakeAt: null };

/** What is to be done with an operation as it is; an outlook when that is nothing. */
function nextOf(loaded: Loaded, now: Date): Next {
  const { due, view, operation } = loaded;
  if (due.expiresAt && due.expiresAt <= now) return 'EXPIRE';
  if (due.closesAt && due.closesAt <= now) return 'TAKE_BACK';
  if (due.notBefore && due.notBefore <= now) return 'ASK_AGAIN';
  const decision = advance(view, now);
  if (decision.act || differs(loaded, decision)) return 'ACT';
  const ended = operationEnded(operation.status);
  return {
    ended,
    revertDue: ended && operation.revertReason !== null,
    wakeAt: earliest([decision.wakeAt, due.expiresAt, due.notBefore, due.closesAt]),
  };
}

/**
 * A turn right after somebody's act, so that its answer shows what came of it.
 * What fails here is no failure of the act: that is committed, and the runner goes on.
 */
export async function takeTurnNow(
  deps: ActorDeps & Pick<Deps, 'logger'>,
  id: string,
): Promise<OperationModel> {
  await takeTurn(deps, id).catch((error: unknown) => {
    deps.logger.warn({ err: error, operationId: id }, 'an operation could not be carried on');
  });
  return deps.prisma.operation.findUniqueOrThrow({ where: { id } });
}

/** Does the next act and answers what comes after it. On one connection: under load each is waited for. */
async function act(deps: ActorDeps, tx: Transaction, record: Record, id: string): Promise<Next> {
  const now = deps.clock.now();
  const before = await loadView(tx, id, now);
  if (!before) return GONE;
  const next = nextOf(before, now);
  if (next !== 'ACT') return next;
  const { act: wanted } = advance(before.view, now);
  const candidates = wanted && (await lockFor(tx, before, wanted));
  await lockOperation(tx, id);
  await lockWaves(tx, id);
  const loaded = await loadView(tx, id, now);
  if (!loaded) return GONE;
  const { act: still } = advance(loaded.view, now);
  // The locks are those of the act that was wanted: another one has its own turn.
  if (still && (still.act !== wanted?.act || still.wave !== wanted.wave)) return 'ACT';
  if (still) await carryOut(tx, record, loaded, still, candidates ?? [], now);
  const after = still ? (await loadView(tx, id, now))! : loaded;
  const operation = await tell(tx, record, after, advance(after.view, now), now);
  return still?.act === 'issue'
    ? { ended: false, revertDue: false, wakeAt: now }
    : nextOf({ ...after, operation }, now);
}

/** Commands are locked before their operation (see lockCommands): those that the act is about. */
async function lockFor(
  tx: Transaction,
  { operation: { id: operationId }, waveIds, shut }: Loaded,
  act: Act,
): Promise<string[]> {
  if (act.act === 'stop' || act.act === 'pause') {
    await lockCommands(tx, { operationId });
    return [];
  }
  if (act.act !== 'issue') return [];
  const next = await tx.command.findMany({
    where: { waveId: waveIds[act.wave]!, ...mayBeIssued(shut) },
    orderBy: { position: 'asc' },
    take: act.count,
    select: { id: true },
  });
  const ids = next.map(({ id }) => id);
  await lockCommands(tx, { ids });
  return ids;
}

/** Of a wave. */
const mayBeIssued = (shut: Loaded['shut']) => ({
  status: 'PLANNED' as const,
  pausedAt: null,
  ...(shut && { NOT: shut }),
});

async function carryOut(
  tx: Transaction,
  record: Record,
  { operation, view, waveIds, shut }: Loaded,
  act: Act,
  candidates: string[],
  now: Date,
): Promise<void> {
  const { id: operationId } = operation;
  const wave = view.waves[act.wave]!;
  const id = waveIds[act.wave]!;
  const ofWave = (summary: string): NewEvent => ({
    kind: 'WAVE_CHANGED',
    operationId,
    summary: `Wave “${wave.name}” ${summary}`,
  });
  switch (act.act) {
    case 'beginWave':
      await tx.wave.update({ where: { id }, data: { status: 'RUNNING', startedAt: now } });
      await tx.operation.updateMany({
        where: { id: operationId, startedAt: null },
        data: { startedAt: now },
      });
      return record(ofWave(`begins: ${ofClusters(wave.counts.PLANNED)}.`));
    case 'issue': {
      const issued = await tx.command.updateManyAndReturn({
        where: { id: { in: candidates.slice(0, act.count) }, ...mayBeIssued(shut) },
        data: {
          status: 'PENDING',
          issuedAt: now,
          expiresAt:
            operation.expiresInSeconds === null
              ? null
              : new Date(now.getTime() + operation.expiresInSeconds * 1000),
        },
      });
      await countMoves(
        tx,
        issued.map(({ waveId }) => ({ waveId, from: 'PLANNED', to: 'PENDING' })),
      );
      const summary = `${KIND_WORDS[operation.kind]} issued. ${operation.reason}`;
      return record(
        ...issued.map((command) =>
          commandEvent('COMMAND_ISSUED', command, summary, { name: operation.actor }),
        ),
      );
    }
    case 'beginSoak':
      await tx.wave.update({ where: { id }, data: { status: 'SOAKING', soakUntil: act.until } });
      return record(ofWave(`soaks for ${wave.soakSeconds} s.`));
    case 'interruptSoak':
      await tx.wave.update({ where: { id }, data: { soakUntil: null } });
      return record(ofWave(`stops soaking. ${act.reason}`));
    case 'endWave':
      await tx.wave.update({
        where: { id },
        data: { status: act.status, statusReason: act.reason, finishedAt: now },
      });
      return record(ofWave([`${act.status}.`, act.reason].filter(Boolean).join(' ')));
    case 'pause':
      await tx.operation.update({
        where: { id: operationId },
        data: { pausedAt: now, pauseReason: act.reason },
      });
      record({
        kind: 'OPERATION_CHANGED',
        operationId,
        summary: `Paused by its failure budget. ${act.reason}`,
      });
      return record(...(await tellActive(tx, { operationId }, 'Paused by the failure budget.')));
    case 'stop':
      await tx.operation.update({
        where: { id: operationId },
        data: { abortRequestedAt: now, revertReason: act.revert ? act.reason : null },
      });
      record({
        kind: 'OPERATION_CHANGED',
        operationId,
        summary: `Stopped by its failure budget${act.revert ? '; what it did is taken back' : ''}. ${act.reason}`,
      });
      return record(...(await abortCommands(tx, { operationId }, { why: act.reason, atOnce: false, now })));
  }
}

/** What the operation's row, and its waves' rows, are to say by now. */
function outcome({ view }: Loaded, { hold }: Decision) {
  const open = view.waves.find(({ status }) => !waveEnded(status));
  const { status } = operationStatus({
    counts: sumCounts(view.waves.map(({ counts }) => counts)),
    wavesOpen: open !== undefined,
    paused: view.pausedAt !== null,
    abortRequested: view.abortRequested,
  });
  return { status, hold: operationEnded(status) ? null : hold };
}

const holdOf = ({ operation }: Loaded): WaveHold | null => operation.hold as unknown as WaveHold | null;

function differs(loaded: Loaded, decision: Decision): boolean {
  const { status, hold } = outcome(loaded, decision);
  const before = holdOf(loaded);
  return status !== loaded.operation.status || hold?.reason !== before?.reason || hold?.wave !== before?.wave;
}

/** Writes what the operation's row is to say, and answers the row. */
async function tell(
  tx: Transaction,
  record: Record,
  loaded: Loaded,
  decision: Decision,
  now: Date,
): Promise<OperationModel> {
  if (!differs(loaded, decision)) return loaded.operation;
  const { operation, view } = loaded;
  const { status, hold } = outcome(loaded, decision);
  const before = holdOf(loaded);
  const since = hold && heldSince(before?.wave === hold.wave ? before : null, hold, now);
  const ended = operationEnded(status);
  const told = await tx.operation.update({
    where: { id: operation.id },
    data: {
      status,
      hold: since ? { ...since } : Prisma.DbNull,
      finishedAt: ended ? (operation.finishedAt ?? now) : null,
    },
  });
  const reason = ended
    ? operationStatus({
        counts: sumCounts(view.waves.map(({ counts }) => counts)),
        wavesOpen: false,
        paused: false,
        abortRequested: false,
      }).reason
    : null;
  const summary = [status !== operation.status && `${operation.status} → ${status}.`, reason, hold?.reason];
  record({
    kind: ended ? 'OPERATION_FINISHED' : 'OPERATION_CHANGED',
    operationId: operation.id,
    summary: summary.filter(Boolean).join(' ') || 'It moves again.',
  });
  return told;
}
