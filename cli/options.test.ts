import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { amount, kindOf, label, nodeName, operationInput, wave, whole } from './options.ts';

describe('what is written on the command line', () => {
  it('is read as it is meant', () => {
    expect(amount('3')).toEqual({ count: 3 });
    expect(amount('20%')).toEqual({ percent: 20 });
    expect(label('env=a=b')).toEqual({ key: 'env', value: 'a=b' });
    expect(label('env=')).toEqual({ key: 'env', value: '' });
    expect(nodeName('shop/a/b')).toEqual({ cluster: 'shop', name: 'a/b' });
    expect(wave('first = one=10%')).toEqual({ name: 'first = one', amount: { percent: 10 } });
  });

  it.each([
    [amount, ['', '-1', '1.5', '%', '5 %', 'all', '10000000000']],
    [whole, ['', '-1', '1e3', 'ten']],
    [label, ['', '=x', 'env']],
    [nodeName, ['', '/a', 'shop/', 'shop']],
    [wave, ['', '=3', 'first', 'first=', 'first=x']],
    [kindOf, ['', 'RESTART', 'toString', 'reboot']],
  ] as const)('is refused where it is none', (read, texts) => {
    for (const text of texts) expect(() => read(text), text).toThrow(InvalidArgumentError);
  });

  it('says nothing of what was not said, so that a saved strategy says it', () => {
    expect(operationInput('restart', {}, [])).toEqual({ kind: 'RESTART', targets: {} });
    const options = { cluster: ['shop'], label: [{ key: 'a', value: 'b' }], canary: { count: 1 }, soak: 0 };
    expect(operationInput('rolling-restart', { ...options, batchSize: { percent: 5 } }, [])).toEqual({
      kind: 'ROLLING_RESTART',
      targets: { clusters: { names: ['shop'], labels: [{ key: 'a', value: 'b' }] } },
      rolling: { batchSize: { percent: 5 } },
      rollout: {
        waves: [
          { name: 'canary', amount: { count: 1 } },
          { name: 'rest', amount: { percent: 100 }, manualGate: true },
        ],
        soakSeconds: 0,
      },
    });
  });

  it('names nodes by what they are in the OC', () => {
    const node = [{ cluster: 'shop', name: 'a' }];
    expect(operationInput('shutdown', { node, forced: true, runLate: true }, ['id'])).toEqual({
      kind: 'SHUTDOWN',
      mode: 'FORCED',
      targets: { nodeIds: ['id'] },
      lateness: 'RUN_LATE',
    });
    expect(operationInput('start', { node, withinWindow: true }, ['id'])).toMatchObject({
      lateness: 'WINDOW',
    });
  });
});
