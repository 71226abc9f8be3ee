import { expect, it } from 'vitest';
import { ROLLING_DEFAULTS } from './rolling.ts';
import { PRESETS, ROLLOUT_DEFAULTS } from './rollout.ts';
import { readDraft, writeDraft } from './address.ts';

function asParams(draft: Parameters<typeof writeDraft>[0]): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(writeDraft(draft)))
    for (const one of [value].flat()) if (one !== '') params.append(name, one);
  return params;
}

it('reads what it has written', () => {
  const draft = {
    kind: 'SHUTDOWN' as const,
    mode: 'FORCED' as const,
    targets: { clusterIds: ['a', 'b'], nodeIds: ['n-1'], selection: 's-1' },
    late: 'window' as const,
    rolling: {
      ...ROLLING_DEFAULTS,
      batchSize: '25%',
      byZone: true,
      order: 'ZONE' as const,
      lastRoles: 'primary',
    },
    rollout: {
      ...ROLLOUT_DEFAULTS,
      soakSeconds: '10 min',
      onExceeded: 'STOP' as const,
      waves: [
        ...PRESETS[1]!.waves,
        { name: 'a, "b" & c', by: 'labels' as const, value: 'env=x', manualGate: false, soak: '5m' },
      ],
    },
  };
  expect(readDraft(new URLSearchParams(asParams(draft).toString()))).toEqual(draft);
});

it('says nothing of what is as at the beginning', () => {
  expect(asParams(readDraft(new URLSearchParams())).toString()).toBe('');
});

it('drops what is wrong', () => {
  const params = new URLSearchParams([
    ['act', 'EXPLODE'],
    ['mode', 'kind'],
    ['order', 'RANDOM'],
    ['cluster', '../../etc'],
    ['wave', '{'],
    ['wave', '["a","by magic","1",false,""]'],
    ['wave', '["a","amount",1,false,""]'],
    ['wave', 'null'],
  ]);
  expect(asParams(readDraft(params)).toString()).toBe('');
});

it('carries no more ids than an address can', () => {
  const clusterIds = Array.from({ length: 101 }, (_, n) => `c-${n}`);
  expect(
    writeDraft({ ...readDraft(new URLSearchParams()), targets: { clusterIds, nodeIds: [] } }),
  ).toMatchObject({
    cluster: [],
  });
});
