import { pino, type DestinationStream, type Logger } from 'pino';
import { withoutSecrets } from './secrets.ts';

export type { Logger };

/**
 * JSON lines on standard error: standard output belongs to what a person is meant to read. Each line is rid of
 * secrets as a whole, wherever in a text or an error they stand.
 */
export function createLogger(level: string, lines: DestinationStream = pino.destination(2)): Logger {
  return pino({ level, base: null, hooks: { streamWrite: withoutSecrets } }, lines);
}
