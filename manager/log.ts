import pino from 'pino';

export type Logger = pino.Logger;

/**
 * A line a message on standard error, for people: `18:02:11 INFO  shop-m1: web-3 is DOWN: exited with code 1`.
 *
 * @param name of the manager; several often share one terminal.
 */
export function createLogger(name: string, level: string) {
  const stream = {
    write(json: string) {
      const { time, level: number, msg, err } = JSON.parse(json) as Line;
      const label = pino.levels.labels[number]!.toUpperCase().padEnd(5);
      const clock = new Date(time).toISOString().slice(11, 19);
      process.stderr.write(`${clock} ${label} ${name}: ${[msg, err?.stack].filter(Boolean).join('\n')}\n`);
    },
  };
  return pino({ level }, stream);
}

interface Line {
  time: number;
  level: number;
  msg?: string;
  err?: { stack?: string };
}
