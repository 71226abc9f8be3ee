import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../testing/folder.ts';
import { silent } from '../../testing/silent.ts';
import { unfenced } from '../../testing/unfenced.ts';
import { until } from '../../testing/until.ts';
import type { Guard } from '../driver.ts';
import { processSchema } from './config.ts';
import { ProcessDriver } from './driver.ts';
import { killWorkers } from './kill-workers.ts';

/** Does not end on SIGTERM. */
export const STUBBORN = `process.on('SIGTERM', () => console.log('no')); setInterval(() => {}, 1000); console.log('ready');`;
export const IDLE = 'setInterval(() => {}, 1000)';

/** A driver that has taken over; released at the end of the test, and its workers killed. */
export function open(config: object, stateDir = temporaryFolder(), guard: Guard = unfenced): ProcessDriver {
  const driver = new ProcessDriver(processSchema.parse({ command: node(IDLE), ...config }), stateDir, silent);
  onTestFinished(async () => {
    driver.release();
    await killWorkers(stateDir);
  });
  driver.takeOver(guard);
  return driver;
}
export const node = (script: string) => [process.execPath, '-e', script];
export const seen = (driver: ProcessDriver, name: string, status: string) =>
  until(`${name} is ${status}`, () => {
    const now = driver.node(name);
    return now?.status === status && now;
  });
