import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  truncateSync,
} from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINES = 20;
const LINE_LENGTH = 500;

/**
 * What a worker writes, in a file that does not need the manager: a new one with each start, the one before is kept
 * as `….1`.
 */
export class WorkerOutput {
  constructor(private readonly path: string) {}

  /** A new file for a new process. The caller closes it once the process has it. */
  open(): number {
    mkdirSync(dirname(this.path), { recursive: true });
    if (sizeOf(this.path) > 0) renameSync(this.path, `${this.path}.1`);
    // For appending: after the file was cut the process goes on at its new end.
    return openSync(this.path, 'a');
  }

  /** Keeps the file within its bound, while the process goes on writing to it. */
  bound(): void {
    if (sizeOf(this.path) <= MAX_BYTES) return;
    copyFileSync(this.path, `${this.path}.1`);
    truncateSync(this.path);
  }

  /** The last lines, oldest first, as they may be shown: no control characters, long lines cut. */
  tail(): string[] {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch {
      return [];
    }
    try {
      const { size } = fstatSync(file);
      const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
      readSync(file, buffer, 0, buffer.length, size - buffer.length);
      const lines = buffer.toString('utf8').split('\n');
      if (size > buffer.length && lines.length > 1) lines.shift();
      return lines
        .map(visible)
        .filter((line) => line.trim() !== '')
        .slice(-TAIL_LINES);
    } finally {
      closeSync(file);
    }
  }
}

// eslint-disable-next-line no-control-regex -- colours begin with one
const ESCAPE_SEQUENCE = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;
const CONTROL = /(?!\t)[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** One line of text as it may be shown: colours and control characters gone, cut when long. */
export const visible = (line: string): string =>
  line.replace(ESCAPE_SEQUENCE, '').slice(0, LINE_LENGTH).replace(CONTROL, '');

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
