import type {
  CommandStatus,
  ControlLink,
  OperationStatus,
  StepStatus,
} from '../platform/generated/prisma/enums.ts';

const ENDED_COMMAND = new Set<CommandStatus>(['SUCCEEDED', 'FAILED', 'REFUSED', 'ABORTED', 'EXPIRED']);
export const ACTIVE_COMMAND = ['PENDING', 'ACCEPTED', 'RUNNING'] as const satisfies readonly CommandStatus[];
export const OPEN_STEP = [
  'PENDING',
  'WAITING',
  'STOPPING',
  'STARTING',
  'CHECKING',
] as const satisfies readonly StepStatus[];
const ENDED_OPERATION = new Set<OperationStatus>(['SUCCEEDED', 'FAILED', 'ABORTED']);

export const commandEnded = (status: CommandStatus): boolean => ENDED_COMMAND.has(status);
export const operationEnded = (status: OperationStatus): boolean => ENDED_OPERATION.has(status);

const BEGUN = new Set<CommandStatus>(['RUNNING', 'SUCCEEDED', 'FAILED']);

/**
 * Whether a manager's report may still change a command. What it did counts more than that the OC gave up waiting: an
 * expired command that was begun after all is told as it was. One that was never delivered nobody can have begun.
 */
export const takesReport = (
  { status, deliveredAt }: { status: CommandStatus; deliveredAt: Date | null },
  reported: CommandStatus,
): boolean => !commandEnded(status) || (status === 'EXPIRED' && deliveredAt !== null && BEGUN.has(reported));

/** How far a step has come, as far as it goes one way only: not begun, under way, ended. */
const STAGE: Record<StepStatus, number> = {
  PENDING: 0,
  WAITING: 0,
  STOPPING: 1,
  STARTING: 1,
  CHECKING: 1,
  SUCCEEDED: 2,
  FAILED: 2,
  SKIPPED: 2,
};

/**
 * Whether a later report may say this of a step: it may not take back that it has begun, or how it has ended. A
 * manager that says so has forgotten what its predecessor, or it itself, has told.
 */
export const stepMayBecome = (status: StepStatus, reported: StepStatus): boolean =>
  status === reported ||
  STAGE[reported] > STAGE[status] ||
  (STAGE[reported] === STAGE[status] && STAGE[status] < 2);

/** An operation's status from how many of its commands are in which. */
export function operationStatus(
  commands: Partial<Record<CommandStatus, number>>,
  abortRequested: boolean,
): { status: OperationStatus; reason: string | null } {
  const count = (status: CommandStatus) => commands[status] ?? 0;
  const all = Object.values(commands).reduce((sum, n) => sum + n, 0);
  const active = ACTIVE_COMMAND.reduce((sum, status) => sum + count(status), 0);
  const told = (['SUCCEEDED', 'FAILED', 'REFUSED', 'EXPIRED', 'ABORTED'] as const)
    .filter((status) => count(status) > 0)
    .map((status) => `${count(status)} ${status.toLowerCase()}`)
    .join(', ');
  if (active > 0) {
    const rest = `${active} of ${ofClusters(all)} to go`;
    const reason = told ? `${rest}; ${told}.` : `${rest}.`;
    if (abortRequested) return { status: 'ABORTING', reason };
    return { status: count('PENDING') === all ? 'PENDING' : 'RUNNING', reason };
  }
  if (count('SUCCEEDED') === all) return { status: 'SUCCEEDED', reason: null };
  const reason = `Of ${ofClusters(all)}: ${told}.`;
  const failed = count('FAILED') + count('REFUSED') + count('EXPIRED');
  return { status: failed > 0 ? 'FAILED' : 'ABORTED', reason };
}

export interface WaitingCommand {
  status: CommandStatus;
  managerWaits: string | null;
  deliveredAt: Date | null;
  expiresAt: Date;
  abortRequested: boolean;
}

/**
 * Which rule holds a command that does not move, and what would free it; null when it moves or has ended.
 *
 * @param link of its cluster, with since when the primary has not been heard.
 * @param ahead what runs first in the same cluster.
 */
export function waitingFor(
  command: WaitingCommand,
  cluster: { name: string; link: ControlLink; lastHeardAt: Date | null },
  ahead: string | null,
): string | null {
  if (commandEnded(command.status)) return null;
  if (cluster.link === 'SILENT') {
    const heard = cluster.lastHeardAt ? `, last heard ${cluster.lastHeardAt.toISOString()}` : '';
    const silent = `No manager of ${cluster.name} is heard${heard}.`;
    return command.status === 'RUNNING'
      ? `${silent} It may be carrying on alone: what is shown is the last it said.`
      : `${silent} The command begins when one returns, and expires at ${command.expiresAt.toISOString()}.`;
  }
  if (command.managerWaits) return command.managerWaits;
  if (command.status === 'RUNNING') return null;
  if (ahead) return `${ahead} runs first in ${cluster.name}.`;
  return command.deliveredAt
    ? 'Its manager has it and has not answered yet.'
    : 'It is on its way to the manager.';
}

const ofClusters = (n: number): string => (n === 1 ? '1 cluster' : `${n} clusters`);
