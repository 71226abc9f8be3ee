import { closeSync, fstatSync, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Guard } from './drivers/driver.ts';
import type { CommandStatus, IssuedCommand, Rolling, StepStatus } from './graphql.ts';
import { readFileOrNull } from './files.ts';
import type { Logger } from './log.ts';

export interface StepRecord {
  nodeName: string;
  batch: number;
  status: StepStatus;
  /** It is to be left out, if it has not begun. */
  skipRequested: boolean;
  /** Its batch is not to begin. */
  pauseRequested: boolean;
  reason: string | null;
  /** Last lines of the node's output, when the step failed. */
  output: string[];
  /** Which instance ran when the step began; written before anything is done to it. Null: none ran. */
  instanceBefore: string | null;
  instanceAfter: string | null;
  startedAt: string | null;
  finishedAt: string | null;
}

export interface CommandHead {
  id: string;
  kind: IssuedCommand['kind'];
  mode: IssuedCommand['mode'];
  rolling: Rolling | null;
  status: Exclude<CommandStatus, 'PLANNED' | 'PENDING' | 'EXPIRED'>;
  statusReason: string | null;
  /** REFUSED because the driver was busy: it wants to be asked again after so long. Null: refused for good, or not at all. */
  retryAfterSeconds: number | null;
  waitingFor: string | null;
  /** No further batch is to begin, until that is taken back. */
  pauseRequested: boolean;
  /** No further batch is to begin; what is under way is finished. */
  abortRequested: boolean;
  /** Nor is what is under way waited for. */
  abortAtOnce: boolean;
  /** The OC knows it no more: the batch under way is finished, nothing else is begun, nothing is told. */
  dropped: boolean;
  /** Nodes that were stopped on purpose before it began; null: it has not begun. */
  stoppedBefore: string[] | null;
  /** Number of the last report that was, or may have been, sent. */
  sequence: number;
  /** The OC has answered a report that says how it ended. */
  told: boolean;
}

export interface CommandRecord extends CommandHead {
  steps: StepRecord[];
}

type Line = { epoch: number; id: string } & (
  | { put: CommandRecord }
  | { head?: Partial<CommandHead> | undefined; steps?: StepRecord[] | undefined }
  | { drop: true }
);

/** Told commands that are kept, so that one that is delivered late once more is known. */
const KEEP_TOLD = 50;
const COMPACT_AFTER_LINES = 2000;

/** A line of a version that did not know it yet says that it is not wanted. */
const wish = z.boolean().default(false);
const someSteps = z.array(
  z.looseObject({
    nodeName: z.string(),
    status: z.string(),
    skipRequested: wish,
    pauseRequested: wish,
  }),
);
const common = { epoch: z.int(), id: z.string() };
/** What a line must have so that it can be gone on from; one that has not is passed over like one that is torn. */
const lineSchema = z.union([
  z.strictObject({
    ...common,
    put: z.looseObject({
      id: z.string(),
      kind: z.string(),
      status: z.string(),
      rolling: z.looseObject({ minHealthySeconds: z.int().default(0) }).nullable(),
      pauseRequested: wish,
      abortAtOnce: wish,
      retryAfterSeconds: z.int().nullable().default(null),
      sequence: z.int(),
      steps: someSteps,
    }),
  }),
  z.strictObject({ ...common, drop: z.literal(true) }),
  z.strictObject({ ...common, head: z.looseObject({}).optional(), steps: someSteps.optional() }),
]);

/**
 * What was done and what is still to be told, on disk: JSON lines, each forced to the disk before `put` or `update`
 * return, so that what is written there is known after any crash. The managers of a cluster share the file; the
 * primary writes it.
 *
 * Each primary begins with a new file in the place of the old one. What an old primary was just about to write goes
 * to the file that nobody reads any more; had it opened the new one already, its lines carry the lower epoch and are
 * passed over.
 */
export class Journal {
  /** By id, in the order in which they were issued. */
  readonly commands = new Map<string, CommandRecord>();
  private file = -1;
  private lines = 0;

  private constructor(
    private readonly path: string,
    private readonly epoch: number,
    private readonly guard: Guard,
  ) {}

  /** Reads what is there (a torn last line counts as not written), and compacts it. @throws Fenced */
  static open(path: string, epoch: number, guard: Guard, log: Logger): Journal {
    const journal = new Journal(path, epoch, guard);
    journal.read(log);
    journal.compact();
    return journal;
  }

  /** @throws Fenced, as all that writes: nothing is written then. */
  put(command: CommandRecord): void {
    this.write({ epoch: this.epoch, id: command.id, put: command });
  }

  /** @param steps those that changed, each whole. */
  update(id: string, head?: Partial<CommandHead>, steps?: StepRecord[]): void {
    this.write({ epoch: this.epoch, id, head, steps });
  }

  drop(id: string): void {
    this.write({ epoch: this.epoch, id, drop: true });
  }

  close(): void {
    if (this.file >= 0) closeSync(this.file);
    this.file = -1;
  }

  private write(line: Line): void {
    if (this.file < 0) throw new Error('The journal is closed.');
    this.guard.check();
    // Its folder was removed: what is written from here on would be read by nobody.
    if (fstatSync(this.file).nlink === 0) this.compact();
    // Unlike writeSync this writes all of it or throws: half an intent is none.
    writeFileSync(this.file, `${JSON.stringify(line)}\n`);
    fsyncSync(this.file);
    this.apply(line);
    if (++this.lines > COMPACT_AFTER_LINES) this.compact();
  }

  private apply(line: Line): void {
    if ('put' in line) this.commands.set(line.id, structuredClone(line.put));
    else if ('drop' in line) this.commands.delete(line.id);
    else {
      const command = this.commands.get(line.id);
      if (!command) return;
      Object.assign(command, line.head);
      for (const step of line.steps ?? []) {
        const at = command.steps.findIndex(({ nodeName }) => nodeName === step.nodeName);
        if (at >= 0) command.steps[at] = { ...step };
      }
    }
  }

  private read(log: Logger): void {
    const lines = (readFileOrNull(this.path) ?? '').split('\n');
    let epoch = 0;
    for (const [index, text] of lines.entries()) {
      if (text === '') continue;
      try {
        const line = lineSchema.parse(JSON.parse(text)) as Line;
        if (line.epoch < epoch) continue;
        epoch = line.epoch;
        this.apply(line);
      } catch {
        // Without its line feed it is the one that a crash cut short: what it says was not done.
        if (index < lines.length - 1)
          log.warn(`${this.path}:${index + 1} is not readable and is passed over`);
      }
    }
  }

  private compact(): void {
    const told = [...this.commands.values()].filter((command) => command.told);
    for (const { id } of told.slice(0, Math.max(0, told.length - KEEP_TOLD))) this.commands.delete(id);
    const lines = [...this.commands.values()].map(
      (put) => `${JSON.stringify({ epoch: this.epoch, id: put.id, put } satisfies Line)}\n`,
    );
    this.guard.write(this.path, lines.join(''));
    this.close();
    this.file = openSync(this.path, 'a');
    this.lines = lines.length;
  }
}
