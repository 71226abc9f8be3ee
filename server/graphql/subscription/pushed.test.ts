import { expect, it } from 'vitest';
import type { Line } from './line.ts';
import { subscribePushed } from './pushed.ts';
import type { Consumer, Shareable, SharedSubscriptions } from './shared.ts';

/** What is written for a subscription of this id when it is handed a result, piece by piece. */
function written(id: string, result: Buffer): (string | Buffer)[] {
  const messages: (string | Buffer)[][] = [];
  const line = { isOpen: true, isFull: false, write: (...pieces: Buffer[]) => messages.push(pieces) };
  const shared = {
    join: (_shareable: Shareable, consumer: Consumer) => {
      consumer.send(result);
      return () => undefined;
    },
  };
  void subscribePushed(
    shared as unknown as SharedSubscriptions,
    {} as Shareable,
    line as unknown as Line,
    id,
  ).next();
  expect(messages).toHaveLength(1);
  return messages[0]!;
}

it('a large result is written to all as the same bytes, a small one in one piece', () => {
  const of = (text: string) => Buffer.from(JSON.stringify({ data: { text } }));
  const [small, large] = [of('x'), of('x'.repeat(100_000))];
  for (const id of ['1', '2']) {
    expect(written(id, small)).toHaveLength(1);
    expect(written(id, large)[1]).toBe(large);
    for (const result of [small, large]) {
      const text = Buffer.concat(written(id, result).map((piece) => Buffer.from(piece))).toString();
      expect(JSON.parse(text)).toEqual({ id, type: 'next', payload: JSON.parse(result.toString()) });
    }
  }
});
