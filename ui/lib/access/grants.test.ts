import { expect, it } from 'vitest';
import { draftOf, grantInput, grantWords, labelsIn, wrongChoice, type GrantDraft } from './grants.ts';

const draft: GrantDraft = {
  role: 'OPERATOR',
  everywhere: false,
  names: ' shop , search,',
  labels: 'env=prod',
};

it('says a grant in words', () => {
  expect(grantWords({ role: 'VIEWER', clusters: null })).toBe('viewer of the whole system');
  expect(grantWords(grantInput({ ...draft, names: 'shop', labels: '' }))).toBe('operator of cluster shop');
  expect(grantWords(grantInput(draft))).toBe('operator of clusters shop, search, and all with env=prod');
  expect(grantWords(grantInput({ ...draft, names: '' }))).toBe('operator of all clusters with env=prod');
});

it('writes what it has read', () => {
  expect(grantInput(draftOf(grantInput(draft)))).toEqual({
    role: 'OPERATOR',
    clusters: { names: ['shop', 'search'], labels: [{ key: 'env', value: 'prod' }] },
  });
  expect(labelsIn('url=a=b')).toEqual([{ key: 'url', value: 'a=b' }]);
});

it('a choice of nothing is no grant, and never one of everything', () => {
  expect(wrongChoice({ ...draft, names: ' , ', labels: '' })).toBe('Name clusters or labels.');
  expect(wrongChoice({ ...draft, labels: 'prod' })).toMatch(/“prod”/);
  expect(wrongChoice(draft)).toBeUndefined();
  expect(grantInput({ ...draft, names: '', labels: '' }).clusters).toEqual({ names: [], labels: [] });
});
