import { expect, it } from 'vitest';
import { amountOf, amountWords, secondsOf } from './amount.ts';

it('reads an amount as a number or a percentage', () => {
  expect(amountOf('2')).toEqual({ count: 2 });
  expect(amountOf(' 25 % ')).toEqual({ percent: 25 });
  for (const wrong of ['', 'two', '-1', '1.5', '5%%', '1 2']) expect(amountOf(wrong), wrong).toBeUndefined();
});

it('tells an amount as it was typed', () => {
  expect(amountWords({ count: 0, percent: null })).toBe('0');
  expect(amountWords({ count: null, percent: 5 })).toBe('5%');
});

it('reads a time in seconds, or in the unit that is said', () => {
  expect(['90', '90 s', '5m', '5 min', '2H', '1d'].map(secondsOf)).toEqual([90, 90, 300, 300, 7200, 86_400]);
  for (const wrong of ['', 'soon', '5 weeks', '-3', '1.5h']) expect(secondsOf(wrong), wrong).toBeUndefined();
});
