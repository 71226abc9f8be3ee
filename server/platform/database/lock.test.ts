import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirLockedError, lockDataDir, type DataDirLock, type LockHolder } from './lock.ts';
import { startChild, type Child } from './testing/child.ts';

let root: string;
let children: Child[];
let locks: DataDirLock[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'oc-lock-'));
  children = [];
  locks = [];
});

afterEach(async () => {
  await Promise.all(children.map((child) => child.kill()));
  for (const lock of locks) lock.release();
  await rm(root, { recursive: true });
});

async function startHolder(): Promise<Child> {
  const child = startChild('hold-lock.ts');
  children.push(child);
  expect(await child.nextLine()).toBe('ready');
  return child;
}

async function lock(folder: string): Promise<DataDirLock> {
  const taken = await lockDataDir(folder);
  locks.push(taken);
  return taken;
}

async function refusal(folder: string): Promise<DataDirLockedError> {
  const error: unknown = await lock(folder).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DataDirLockedError);
  return error as DataDirLockedError;
}

const readHolder = async (folder: string): Promise<LockHolder> =>
  JSON.parse(await readFile(join(folder, 'lock'), 'utf8')) as LockHolder;

function deadHolder(nonce: string): LockHolder {
  // This process's id with another start: what a process leaves whose id was given out again.
  return {
    pid: process.pid,
    host: hostname(),
    since: '2026-01-02T03:04:05.000Z',
    processStart: 'long ago',
    nonce,
  };
}

const leave = (folder: string, file: string, holder: LockHolder): Promise<void> =>
  writeFile(join(folder, file), JSON.stringify(holder));

describe('the lock of a data folder', () => {
  it('refuses a second process and tells who holds it and what to do', async () => {
    await lock(root);
    const holder = await readHolder(root);
    const second = await startHolder();
    second.send(root);
    const told = JSON.parse(await second.nextLine()) as { name: string; message: string; pid: number };
    expect(told).toMatchObject({ name: 'DataDirLockedError', pid: process.pid });
    expect(told.message).toContain(`process ${process.pid} on ${hostname()} since ${holder.since}`);
    expect(told.message).toContain('stop that process or choose another folder');
    expect(await readHolder(root)).toEqual(holder);
  });

  it('refuses the same process a second time', async () => {
    await lock(root);
    expect((await refusal(root)).holder?.pid).toBe(process.pid);
  });

  it('is free again after its release, and leaves no file behind', async () => {
    const first = await lock(root);
    first.release();
    first.release();
    expect(await readdir(root)).toEqual([]);
    const second = await startHolder();
    second.send(root);
    expect(await second.nextLine()).toBe('locked');
    expect((await refusal(root)).holder?.pid).toBe(second.pid);
  });

  it('is released by a process that exits without doing so', async () => {
    const holder = await startHolder();
    holder.send(root);
    expect(await holder.nextLine()).toBe('locked');
    holder.send('exit');
    await holder.exited;
    expect(existsSync(join(root, 'lock'))).toBe(false);
  });

  it('is taken over from a process that was killed', async () => {
    const holder = await startHolder();
    holder.send(root);
    expect(await holder.nextLine()).toBe('locked');
    await holder.kill();
    expect((await readHolder(root)).pid).toBe(holder.pid);
    await lock(root);
    expect((await readHolder(root)).pid).toBe(process.pid);
    expect(await readdir(root)).toEqual(['lock']);
  });

  it('is taken over when the process id belongs to another process by now', async () => {
    await leave(root, 'lock', deadHolder('5'));
    await lock(root);
    expect((await readHolder(root)).nonce).not.toBe('5');
  });

  it('is taken over when one that was taking it over was killed, too', async () => {
    await leave(root, 'lock', deadHolder('5'));
    await leave(root, 'lock.after-5', deadHolder('6'));
    await leave(root, 'lock.after-5.after-6', deadHolder('7'));
    await lock(root);
    expect(await readdir(root)).toEqual(['lock']);
    await refusal(root);
  });

  it('goes to exactly one of many processes that find it stale at once', async () => {
    const contenders = await Promise.all(Array.from({ length: 6 }, startHolder));
    for (let round = 0; round < 50; round++) {
      const folder = await mkdtemp(join(root, 'round-'));
      await leave(folder, 'lock', deadHolder('5'));
      if (round % 2 === 1) await leave(folder, 'lock.after-5', deadHolder('6'));
      for (const contender of contenders) contender.send(folder);
      const answers = await Promise.all(contenders.map((contender) => contender.nextLine()));
      expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1);
      const winner = contenders[answers.indexOf('locked')];
      expect((await readHolder(folder)).pid).toBe(winner?.pid);
    }
  });

  it('is not taken from another host, whose processes cannot be seen', async () => {
    await leave(root, 'lock', { ...deadHolder('5'), host: 'elsewhere' });
    const { message } = await refusal(root);
    expect(message).toContain('on elsewhere');
    expect(message).toContain('delete the file');
  });

  it.each(['', '{', 'null', '{"pid":1,"nonce":"../x"}'])(
    'is refused when its file holds %j',
    async (content) => {
      await writeFile(join(root, 'lock'), content);
      const error = await refusal(root);
      expect(error.holder).toBeUndefined();
      expect(error.message).toContain(`${join(root, 'lock')} cannot be understood`);
    },
  );

  it('leaves a file alone that was put in its place by hand', async () => {
    const mine = await lock(root);
    await leave(root, 'lock', deadHolder('5'));
    mine.release();
    expect((await readHolder(root)).nonce).toBe('5');
  });
});
