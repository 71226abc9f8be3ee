import { pino, type Logger } from 'pino';

export type { Logger };

/** JSON lines on standard error: standard output belongs to what a person is meant to read. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      redact: ['token', 'credential', 'authorization', '*.token', '*.credential', '*.authorization'],
    },
    pino.destination(2),
  );
}
