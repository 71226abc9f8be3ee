import type { ClusterDriver, Guard } from './drivers/driver.ts';
import { acceptCommand, commandEnded, mergeCommand } from './commands.ts';
import type { IssuedCommand } from './graphql.ts';
import type { CommandHead, CommandRecord, Journal, StepRecord } from './journal.ts';
import type { Logger } from './log.ts';
import { News } from './news.ts';
import { runCommand } from './run.ts';

/** How long a command that was taken over waits for the OC's word on it before its next batch, milliseconds. */
const CONFIRM_MS = 5000;

export interface RelayOptions {
  driver: ClusterDriver;
  guard: Guard;
  journal: Journal;
  /** Whether the lease holds: without it a command that is under way goes on (see Fence), and no other begins. */
  leaseHeld(): boolean;
  /** Something of a command is to be told: its head, and these steps. */
  report(id: string, nodeNames: readonly string[]): void;
  /** Acting is over for this manager: fenced, or a fault that it cannot get over. */
  failed(error: unknown): void;
  log: Logger;
  signal: AbortSignal;
}

/** Carries the cluster's commands out, one at a time, in the order in which they were issued. */
export class Relay {
  private readonly news = new News();
  /** Commands from the journal until the OC has said that they still stand, with how long that is waited for. */
  private readonly unconfirmed = new Map<string, number>();

  constructor(private readonly options: RelayOptions) {
    const { journal, driver, signal } = options;
    for (const command of journal.commands.values()) {
      if (command.told) continue;
      if (command.status === 'RUNNING') this.unconfirmed.set(command.id, performance.now() + CONFIRM_MS);
      options.report(
        command.id,
        command.steps.map(({ nodeName }) => nodeName),
      );
    }
    const forget = driver.onChange(() => this.news.tell());
    signal.addEventListener('abort', forget);
    void this.work().catch((error: unknown) => {
      if (!signal.aborted) options.failed(error);
    });
  }

  /** The OC has issued a command, or delivers it once more: something else is wanted of it, or it heard no end of it. */
  issue(issued: IssuedCommand): void {
    const { journal, report, log } = this.options;
    const mine = journal.commands.get(issued.id);
    const all = issued.allSteps.map(({ nodeName }) => nodeName);
    this.unconfirmed.delete(issued.id);
    if (mine) {
      const { head, steps } = mergeCommand(mine, issued);
      // It is delivered, so it has not ended for the OC: what was told did not arrive, or was lost there.
      journal.update(issued.id, { ...head, told: false, dropped: false }, steps);
    } else {
      log.info(`${issued.kind} (${issued.mode}) of ${all.length} nodes: command ${issued.id}`);
      journal.put(acceptCommand(issued));
    }
    const command = journal.commands.get(issued.id)!;
    if ((command.abortRequested || command.abortAtOnce) && command.status === 'ACCEPTED')
      this.abortUnbegun(command);
    report(issued.id, mine ? all : []);
    this.tellWaits();
    this.news.tell();
  }

  /** The OC does not know the command, or it has ended there: what is half done is finished, nothing more is begun. */
  drop(id: string): void {
    const { journal, log } = this.options;
    const command = journal.commands.get(id);
    if (!command) return;
    if (command.status === 'RUNNING') journal.update(id, { dropped: true });
    else journal.drop(id);
    log.warn(`the OC does not know command ${id} any more: it is dropped`);
    this.news.tell();
  }

  /** The lease was renewed: what waited for it may begin. */
  renewed(): void {
    this.news.tell();
  }

  private async work(): Promise<void> {
    const { signal, leaseHeld } = this.options;
    for (;;) {
      signal.throwIfAborted();
      this.tellWaits();
      const command = this.next();
      if (!command || (command.status !== 'RUNNING' && !leaseHeld())) await this.news.wait(null, signal);
      else if (!this.refuseBusy(command)) await this.run(command);
    }
  }

  private async run(command: CommandRecord): Promise<void> {
    const { id } = command;
    const { driver, guard, journal, log, signal } = this.options;
    const save = (head: Partial<CommandHead> | undefined, steps: StepRecord[]) => this.save(id, head, steps);
    const confirmBy = () => this.unconfirmed.get(id) ?? null;
    await runCommand({ command, driver, guard, news: this.news, save, confirmBy, signal });
    log.info(`command ${id} ${command.status}${command.statusReason ? `: ${command.statusReason}` : ''}`);
    if (command.dropped) journal.drop(id);
  }

  /** Whether the driver is too busy to begin it; the OC asks again. What was begun is never put off. */
  private refuseBusy(command: CommandRecord): boolean {
    const busy = command.status === 'RUNNING' ? null : (this.options.driver.busy?.() ?? null);
    if (!busy) return false;
    const { reason: statusReason, retryAfterSeconds } = busy;
    this.save(command.id, { status: 'REFUSED', statusReason, retryAfterSeconds, waitingFor: null }, []);
    this.options.log.info(`command ${command.id} is put off for ${retryAfterSeconds} s: ${statusReason}`);
    return true;
  }

  private save(id: string, head: Partial<CommandHead> | undefined, steps: StepRecord[]): void {
    const { journal, report, log } = this.options;
    journal.update(id, head, steps);
    for (const { nodeName, status, reason } of steps) {
      const level = status === 'FAILED' ? 'warn' : 'debug';
      log[level](`${nodeName}: step ${status}${reason ? `: ${reason}` : ''}`);
    }
    if (!journal.commands.get(id)?.dropped) {
      report(
        id,
        steps.map(({ nodeName }) => nodeName),
      );
    }
  }

  private abortUnbegun(command: CommandRecord): void {
    const finishedAt = new Date().toISOString();
    const reason = 'Aborted before its turn.';
    this.save(
      command.id,
      { status: 'ABORTED', statusReason: 'Aborted before it began.', waitingFor: null },
      command.steps.map((step) => ({ ...step, status: 'SKIPPED', reason, finishedAt })),
    );
  }

  /** Commands that have not ended, oldest first; the one that was begun before any other. */
  private open(): CommandRecord[] {
    const open = [...this.options.journal.commands.values()].filter((command) => !commandEnded(command));
    return open.sort((a, b) => Number(b.status === 'RUNNING') - Number(a.status === 'RUNNING'));
  }

  /** What is to be carried out now: one that was paused before it was begun lets the others pass. */
  private next(): CommandRecord | undefined {
    return this.open().find(({ status, pauseRequested }) => status === 'RUNNING' || !pauseRequested);
  }

  /** Says of commands that were not begun why not; that others wait for their turn the OC knows. */
  private tellWaits(): void {
    const next = this.next();
    const noLease = 'The OC could not be reached and the lease ran out; it begins once the lease is renewed.';
    for (const command of this.open()) {
      if (command.status !== 'ACCEPTED') continue;
      const paused = command.pauseRequested ? 'It is paused. It begins once someone resumes it.' : null;
      const waitingFor = command === next && !this.options.leaseHeld() ? noLease : paused;
      if (command.waitingFor !== waitingFor) this.save(command.id, { waitingFor }, []);
    }
  }
}
