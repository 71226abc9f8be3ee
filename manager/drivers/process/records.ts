import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fileName, readJsonOrNull } from '../../files.ts';
import { findByEnvironment, isAlive, type ProcessIdentity } from '../../process-identity.ts';
import type { Guard } from '../driver.ts';

const recordSchema = z.object({
  name: z.string(),
  /** STOPPED: on purpose, until an operation starts it again. */
  desired: z.enum(['RUNNING', 'STOPPED']),
  /** Mark of the last launch, written before the process exists and given to it as OC_LAUNCH. */
  launch: z.string().nullable(),
  /** Of the last process; null from before its launch until right after it. */
  pid: z.int().nullable(),
  start: z.string().nullable(),
  startedAt: z.string().nullable(),
  /** How the last process ended; null: it runs, or nobody saw it end. EXIT: with its manager, not by an operator. */
  ended: z.enum(['DIED', 'STOPPED', 'EXIT']).nullable(),
  restarts: z.int(),
  status: z.enum(['STARTING', 'RUNNING', 'UNHEALTHY', 'STOPPING', 'STOPPED', 'DOWN']),
  statusReason: z.string().nullable(),
  lastOutput: z.array(z.string()),
});

/** What is known of a worker, on disk, so that it outlives any manager. */
export type WorkerRecord = z.infer<typeof recordSchema>;

/** The variable that carries `WorkerRecord.launch` into the process. */
export const LAUNCH_VARIABLE = 'OC_LAUNCH';

export const newRecord = (name: string): WorkerRecord => ({
  name,
  desired: 'RUNNING',
  launch: null,
  pid: null,
  start: null,
  startedAt: null,
  ended: 'EXIT',
  restarts: 0,
  status: 'STARTING',
  statusReason: null,
  lastOutput: [],
});

/** The records of a cluster's workers: a file each in `workers` below the state folder. */
export class WorkerRecords {
  readonly folder: string;

  constructor(stateDir: string) {
    this.folder = join(stateDir, 'workers');
  }

  /** All of them; a file that is no record is passed over. */
  all(): WorkerRecord[] {
    let files: string[];
    try {
      files = readdirSync(this.folder);
    } catch {
      return [];
    }
    return files
      .filter((file) => file.endsWith('.json'))
      .flatMap((file) => recordSchema.safeParse(readJsonOrNull(join(this.folder, file))).data ?? []);
  }

  read(name: string): WorkerRecord | null {
    return recordSchema.safeParse(readJsonOrNull(this.file(name, 'json'))).data ?? null;
  }

  /**
   * Whether the process with this mark is the one on record, so that any manager knows of it or will find it. It is not
   * when one that took over looked just before the process existed: that one starts another in its place.
   */
  holds(name: string, launch: string): boolean {
    const record = this.read(name);
    return record?.launch === launch && record.ended === null;
  }

  /** @throws Fenced */
  write(record: WorkerRecord, guard: Guard): void {
    // A power cut ends the workers too: nothing is lost with the last change of their records.
    guard.write(this.file(record.name, 'json'), `${JSON.stringify(record)}\n`, { durable: false });
  }

  /** Forgets a worker, its output too. @throws Fenced */
  remove(name: string, guard: Guard): void {
    guard.check();
    for (const ending of ['json', 'log', 'log.1']) rmSync(this.file(name, ending), { force: true });
  }

  file(name: string, ending: string): string {
    return join(this.folder, `${fileName(name)}.${ending}`);
  }
}

/**
 * The recorded process, if it runs: a reused process id is not taken for it. When the manager died between the launch
 * and writing the process id, the process is found by its launch mark.
 */
export function runningProcess({ pid, start, launch, ended }: WorkerRecord): ProcessIdentity | null {
  if (ended !== null) return null;
  if (pid !== null) return start !== null && isAlive({ pid, start }) ? { pid, start } : null;
  return launch === null ? null : findByEnvironment(LAUNCH_VARIABLE, launch);
}
