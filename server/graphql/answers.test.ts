import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Answers, type Execution } from './answers.ts';

const execution = (text: string, failed = false): Execution => ({
  status: 200,
  headers: {},
  body: text,
  failed,
});

describe('kept answers', () => {
  it('are made once for all who ask at one head, and again at the next', async () => {
    let head = 1;
    let made = 0;
    const answers = new Answers(async () => String(head));
    const ask = () => answers.get('q', async () => execution(`${head}.${++made}`));
    const texts = async (n: number) =>
      (await Promise.all(Array.from({ length: n }, ask))).map(({ body }) => body);
    expect(await texts(3)).toEqual(['1.1', '1.1', '1.1']);
    expect(await texts(1)).toEqual(['1.1']);
    head = 2;
    expect(await texts(2)).toEqual(['2.2', '2.2']);
  });

  it('are made without a look at the head when nobody has asked the same, and kept for the head before', async () => {
    let head = 1;
    let reads = 0;
    const answers = new Answers(async () => {
      reads++;
      return String(head);
    });
    const ask = async (key: string) => (await answers.get(key, async () => execution(`${key}${head}`))).body;
    await ask('a');
    expect([await ask('b'), await ask('c'), reads]).toEqual(['b1', 'c1', 1]);
    head = 2;
    // It was made at 2 and is kept as of 1: it has to be made again.
    expect([await ask('d'), reads]).toEqual(['d2', 1]);
    expect([await ask('d'), await ask('b'), reads]).toEqual(['d2', 'b2', 2]);
    expect([await ask('d'), reads]).toEqual(['d2', 3]);
  });

  it('are not those that tell of an error', async () => {
    let made = 0;
    const answers = new Answers(async () => '1');
    const ask = () => answers.get('q', async () => execution(String(++made), true));
    expect((await Promise.all([ask(), ask()])).map(({ body }) => body)).toEqual(['1', '1']);
    expect((await ask()).body).toBe('2');
    await expect(answers.get('r', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect((await answers.get('r', async () => execution('yes'))).body).toBe('yes');
  });

  it('read the head once for all who came before the read, and outlive a read that fails', async () => {
    let reads = 0;
    const answers = new Answers(async () => {
      if (++reads === 1) throw new Error('no database');
      await turn();
      return '1';
    });
    const ask = () => answers.get('q', async () => execution('x'));
    await expect(ask()).rejects.toThrow('no database');
    await Promise.all(Array.from({ length: 50 }, ask));
    expect(reads).toBe(2);
  });

  it('of those who wait during a read that fails, each fails with it, and the next is answered', async () => {
    const reads: ((error?: Error) => void)[] = [];
    const answers = new Answers(
      () => new Promise((resolve, reject) => reads.push((error) => (error ? reject(error) : resolve('1')))),
    );
    const ask = () => answers.get('q', async () => execution('x')).then(({ body }) => body);
    const first = ask().catch(String);
    await turn();
    const waiting = [ask(), ask()].map((one) => one.catch(String));
    reads[0]!(new Error('away'));
    expect(await Promise.all([first, ...waiting])).toEqual(Array(3).fill('Error: away'));
    expect(reads).toHaveLength(1);
    const answered = ask();
    await turn();
    reads[1]!();
    expect(await answered).toBe('x');
  });

  it('never show less than was committed before the question', async () => {
    const step = fc.record({ what: fc.constantFrom('write', 'ask', 'wait'), turns: fc.nat(4) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.infiniteStream(fc.nat(4)),
        async (steps, delays) => {
          let head = 0;
          const later = async <T>(value: () => T): Promise<T> => {
            for (let turns: number = delays.next().value; turns > 0; turns--) await turn();
            return value();
          };
          const answers = new Answers(() => later(() => String(head)));
          const asked: Promise<void>[] = [];
          for (const { what, turns } of steps) {
            if (what === 'write') head++;
            else if (what === 'wait') for (let n = 0; n < turns; n++) await turn();
            else {
              const least = head;
              const answer = answers.get('q', () => later(() => execution(String(head))));
              asked.push(answer.then(({ body }) => expect(Number(body)).toBeGreaterThanOrEqual(least)));
            }
          }
          await Promise.all(asked);
        },
      ),
    );
  });
});
