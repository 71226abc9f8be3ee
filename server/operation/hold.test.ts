import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WaveStatus } from '../platform/generated/prisma/enums.ts';
import { CommandStatus } from '../platform/generated/prisma/enums.ts';
import { heldSince, holdOfCommand, holdOfWave, type Hold, type WaveHold } from './hold.ts';
import { commandEnded } from './state.ts';

const at = new Date('2026-01-01T00:00:00Z');
const command = {
  status: 'PENDING' as CommandStatus,
  issuedAt: at,
  deliveredAt: null,
  expiresAt: new Date('2026-01-02T00:00:00Z'),
  notBefore: null,
  pausedAt: null,
  pauseReason: null,
  managerWaits: null,
  takenBack: false,
};
const going = { pausedAt: null, pauseReason: null };
const around = {
  operation: { ...going, hold: null },
  wave: { ...going, index: 1, name: 'canary', status: 'RUNNING' as WaveStatus },
  cluster: { name: 'shop', link: 'CONNECTED' as const, lastHeardAt: at },
  ahead: null,
  shut: null,
};
const silent = { ...around, cluster: { ...around.cluster, link: 'SILENT' as const } };

describe('a command', () => {
  it('that does not move always says why; one that moves or has ended never', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(CommandStatus)),
        fc.constantFrom('CONNECTED' as const, 'SILENT' as const),
        fc.boolean(),
        fc.boolean(),
        (status, link, delivered, paused) => {
          const hold = holdOfCommand(
            { ...command, status, deliveredAt: delivered ? at : null },
            {
              ...around,
              cluster: { ...around.cluster, link },
              operation: { pausedAt: paused ? at : null, pauseReason: null, hold: null },
            },
          );
          const moves = commandEnded(status) || (status === 'RUNNING' && link === 'CONNECTED' && !paused);
          expect(hold === null).toBe(moves);
        },
      ),
    );
  });

  it('names the rule that holds it, and what frees it', () => {
    expect(holdOfCommand(command, silent)).toEqual({
      rule: 'OFFLINE',
      reason: 'No manager of shop is heard, last heard 2026-01-01T00:00:00.000Z.',
      freedBy: 'A manager of it is heard again, or the command expires at 2026-01-02T00:00:00.000Z.',
      since: at,
    });
    const rule = (over: object, where: object = {}) =>
      holdOfCommand({ ...command, ...over }, { ...around, ...where })?.rule;
    expect(rule({}, { ahead: 'Restart “night”' })).toBe('QUEUE');
    expect(rule({ status: 'RUNNING', managerWaits: 'app-3 is down' })).toBe('MANAGER');
    expect(rule({ notBefore: new Date() })).toBe('BUSY');
    expect(rule({ status: 'PLANNED' })).toBe('CLUSTERS_AT_ONCE');
    expect(rule({ pausedAt: at })).toBe('PAUSED');
    const hold = { rule: 'START_TIME' as const, reason: 'r', freedBy: 'f', since: at.toISOString() };
    expect(rule({ status: 'PLANNED' }, { shut: { ...hold, rule: 'FREEZE' } })).toBe('FREEZE');
    const later = { operation: { ...going, hold: { ...hold, wave: null } } };
    expect(rule({ status: 'PLANNED' }, later)).toBe('START_TIME');
    expect(rule({}, later), 'what was issued is held by something else').toBe('DELIVERY');
  });

  it('is held by what its own wave waits for, and by earlier waves only when it is these that do not move', () => {
    const planned = { ...command, status: 'PLANNED' as CommandStatus };
    const freeze = { rule: 'FREEZE' as const, reason: 'frozen', freedBy: 'its end' };
    const of = (status: WaveStatus, hold: WaveHold | null, shut: Hold | null = null) =>
      holdOfCommand(planned, {
        ...around,
        operation: { ...going, hold },
        wave: { ...around.wave, status },
        shut,
      });
    const found = { reason: 'r', freedBy: 'f', since: at.toISOString() };
    const gate = { ...found, rule: 'PROMOTION' as const, wave: 1 };
    expect(of('PENDING', gate)).toMatchObject({ rule: 'PROMOTION', reason: 'r', freedBy: 'f', since: at });
    expect(of('PENDING', gate, freeze), 'there is no use in its end before').toMatchObject({
      rule: 'PROMOTION',
    });
    expect(of('SOAKING', { ...gate, rule: 'SOAK' })).toMatchObject({ rule: 'SOAK', since: at });
    expect(of('PENDING', { ...gate, rule: 'SOAK', wave: 0 })).toMatchObject({
      rule: 'EARLIER_WAVE',
      since: null,
    });
    expect(of('PENDING', null), 'they move').toMatchObject({ rule: 'EARLIER_WAVE' });
    expect(of('PENDING', { ...gate, rule: 'APPROVAL', wave: null })).toMatchObject({ rule: 'APPROVAL' });
    expect(of('RUNNING', { ...gate, rule: 'WINDOW' }, freeze), 'its own cluster’s').toMatchObject(freeze);
    expect(of('RUNNING', { ...gate, rule: 'FREEZE' })).toMatchObject({ rule: 'FREEZE', reason: 'r' });
  });
});

describe('a wave', () => {
  const wave = { ...going, index: 1, name: 'rest', status: 'PENDING' as WaveStatus };
  const hold = { rule: 'PROMOTION' as const, reason: 'r', freedBy: 'f', since: at.toISOString(), wave: 1 };

  it('is held by the same as its commands that were not issued, unless that is said of their cluster', () => {
    const status = 'PLANNED' as const;
    fc.assert(
      fc.property(
        fc.constantFrom('PENDING' as const, 'RUNNING' as const, 'SOAKING' as const),
        fc.constantFrom(null, 0, 1),
        fc.constantFrom('PROMOTION' as const, 'SOAK' as const, 'HEALTH' as const),
        fc.tuple(fc.boolean(), fc.boolean()),
        (waveStatus, about, rule, [wavePaused, operationPaused]) => {
          const found = { ...hold, rule, wave: about };
          const itself = { ...wave, status: waveStatus, pausedAt: wavePaused ? at : null };
          const operation = { pausedAt: operationPaused ? at : null, pauseReason: null };
          const ofWave = holdOfWave(itself, operation, found);
          const ofCommand = holdOfCommand(
            { ...command, status },
            { ...around, wave: itself, operation: { ...operation, hold: found } },
          );
          if (ofWave) expect(ofCommand?.rule).toBe(ofWave.rule);
          else expect(['CLUSTERS_AT_ONCE', rule]).toContain(ofCommand?.rule);
        },
      ),
    );
  });

  it('says what the runner found, or that others come first', () => {
    expect(holdOfWave(wave, going, hold)).toMatchObject({ rule: 'PROMOTION', since: at });
    expect(holdOfWave(wave, going, { ...hold, wave: 0 })).toMatchObject({ rule: 'EARLIER_WAVE' });
    expect(holdOfWave(wave, going, { ...hold, wave: null })).toMatchObject({ rule: 'PROMOTION' });
    expect(holdOfWave({ ...wave, status: 'RUNNING' }, going, null)).toBeNull();
    expect(holdOfWave({ ...wave, status: 'SUCCEEDED' }, going, hold)).toBeNull();
    expect(holdOfWave(wave, { pausedAt: at, pauseReason: 'By ada.' }, hold)).toMatchObject({
      rule: 'PAUSED',
      reason: 'The operation is paused. By ada.',
    });
    const paused = { ...wave, pausedAt: at, pauseReason: 'By ada.' };
    expect(holdOfWave(paused, going, { ...hold, wave: 0 })).toMatchObject({
      ...{ rule: 'PAUSED', reason: 'Wave “rest” is paused. By ada.', since: at },
    });
  });
});

it('a hold by the same rule has lasted since it began, whatever its numbers are by now', () => {
  const soak: Hold = { rule: 'SOAK', reason: 'a', freedBy: 'b' };
  const before = heldSince(null, soak, at)!;
  const later = new Date(at.getTime() + 1000);
  expect(heldSince(before, { ...soak, reason: 'c' }, later)!.since).toBe(at.toISOString());
  expect(heldSince(before, { ...soak, rule: 'HEALTH' }, later)!.since).toBe(later.toISOString());
  expect(heldSince(before, null, later)).toBeNull();
});
