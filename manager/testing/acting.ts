import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Guard } from '../drivers/driver.ts';
import { Journal } from '../journal.ts';
import { Relay } from '../relay.ts';
import { FakeDriver, type FakeCluster } from './fake-driver.ts';
import { temporaryFolder } from './folder.ts';
import { silent } from './silent.ts';
import { unfenced } from './unfenced.ts';
import { until } from './until.ts';

/** A primary under one epoch, from the journal up. */
export function primary(cluster: FakeCluster, path: string, epoch = 1, guard: Guard = unfenced) {
  const driver = new FakeDriver(cluster);
  driver.takeOver(guard);
  const journal = Journal.open(path, epoch, guard, silent);
  const over = new AbortController();
  const errors: unknown[] = [];
  const told: string[] = [];
  let leased = true;
  const relay = new Relay({
    driver,
    guard,
    journal,
    leaseHeld: () => leased,
    report: (id) => told.push(id),
    failed: (error) => errors.push(error),
    log: silent,
    signal: over.signal,
  });
  const end = () => {
    over.abort();
    driver.release();
    journal.close();
  };
  onTestFinished(end);
  const command = (id: string) => journal.commands.get(id);
  const ended = (id: string) =>
    until(`${id} ends`, () => {
      const now = command(id);
      return now && ['SUCCEEDED', 'FAILED', 'ABORTED', 'SKIPPED', 'REFUSED'].includes(now.status) && now;
    });
  const lease = (held: boolean) => {
    leased = held;
    if (held) relay.renewed();
  };
  return { relay, driver, journal, errors, told, end, command, ended, lease };
}
export const journalPath = () => join(temporaryFolder(), 'journal.jsonl');
export const nodes = (count: number) => Array.from({ length: count }, (_, n) => `n${n + 1}`);
export const oneByOne = (names: string[]) => names.map((name) => [name]);
