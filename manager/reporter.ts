import type { Backoff } from './backoff.ts';
import { OcError, isRoleLost, isTransient, type OcClient } from './client.ts';
import { commandEnded } from './commands.ts';
import { Fenced } from './fence.ts';
import { ReportCommand } from './graphql.ts';
import type { CommandRecord, Journal } from './journal.ts';
import type { Logger } from './log.ts';
import { fitting } from './fitting.ts';
import { Outbox } from './outbox.ts';

export interface ReporterOptions {
  client: OcClient;
  epoch: number;
  journal: Journal;
  backoff: Backoff;
  /** The OC does not know the command, or it has ended there otherwise. */
  drop(id: string): void;
  /** The OC says that this manager is not the primary of this epoch. */
  roleLost(): void;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Tells the OC how commands go. Reports are about state, not about events: each says how the command stands now and
 * how the steps stand that changed since the last answer, so that while the OC is away they become one.
 */
export class CommandReporter {
  private readonly outbox: Outbox;
  /** What is untold: names of steps by command; an empty set stands for the command's own state. */
  private readonly untold = new Map<string, Set<string>>();

  constructor(private readonly options: ReporterOptions) {
    this.outbox = new Outbox(() => this.deliver(), options.backoff, options.log, options.signal);
  }

  report(id: string, nodeNames: readonly string[]): void {
    const steps = this.untold.get(id) ?? new Set();
    for (const name of nodeNames) steps.add(name);
    this.untold.set(id, steps);
    this.outbox.poke();
  }

  retryNow(): void {
    this.outbox.retryNow();
  }

  flushed(signal: AbortSignal): Promise<void> {
    return this.outbox.flushed(signal);
  }

  private async deliver(): Promise<void> {
    for (const [id, changed] of [...this.untold]) {
      const command = this.options.journal.commands.get(id);
      this.untold.delete(id);
      if (!command || command.dropped) continue;
      try {
        await this.tell(command, changed);
      } catch (error) {
        if (error instanceof Fenced) throw error;
        if (error instanceof OcError && error.code === 'NOT_FOUND') {
          this.options.drop(id);
          continue;
        }
        // The OC has not all that it was told: its data were put back, then.
        if (lacksSteps(error) && changed.size < command.steps.length) {
          this.report(id, namesOf(command));
          continue;
        }
        const refused = !isTransient(error) && !isRoleLost(error);
        if (refused) this.options.log.error({ err: error }, `the OC refuses a report of command ${id}`);
        else this.untold.set(id, new Set([...changed, ...(this.untold.get(id) ?? [])]));
        if (isRoleLost(error)) return this.options.roleLost();
        if (!refused) throw error;
      }
    }
  }

  private async tell(command: CommandRecord, changed: ReadonlySet<string>): Promise<void> {
    const { client, epoch, journal, signal } = this.options;
    const { id, status, statusReason, retryAfterSeconds, waitingFor } = command;
    const sequence = command.sequence + 1;
    // The number is on disk before it is used: after a crash it is not used again for something else.
    journal.update(id, { sequence });
    // The place in the plan and what is wanted are the OC's own; JSON leaves out what is undefined.
    const ofTheOc = { batch: undefined, skipRequested: undefined, pauseRequested: undefined };
    const steps = command.steps
      .filter(({ nodeName }) => changed.has(nodeName))
      .map((step) => ({ ...step, ...ofTheOc }));
    const bounded = fitting(steps, (step) => ({ ...step, output: [] }));
    const { reportCommand: answer } = await client.send(
      ReportCommand,
      {
        input: {
          commandId: id,
          epoch,
          sequence,
          status,
          statusReason,
          retryAfterSeconds,
          waitingFor,
          steps: bounded,
        },
      },
      { signal },
    );
    if (answer.applied) {
      // One that was put off may have been issued again meanwhile.
      if (commandEnded({ status }) && command.status === status) journal.update(id, { told: true });
    } else if (answer.sequence >= sequence) {
      // The OC has seen higher numbers than the journal (which was lost, then): go on above them, and tell all.
      journal.update(id, { sequence: answer.sequence });
      this.report(id, namesOf(command));
    } else if (commandEnded(command)) journal.update(id, { told: true });
    else this.options.drop(id); // it takes no reports any more: it has ended there
  }
}

const namesOf = ({ steps }: CommandRecord): string[] => steps.map(({ nodeName }) => nodeName);

/** A command has succeeded when all of its steps have ended, as far as the OC was told. */
const lacksSteps = (error: unknown): boolean =>
  error instanceof OcError && error.code === 'INVALID' && error.field === 'input.status';
