import { PothosValidationError } from '@pothos/core';
import { GraphQLError } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AppError } from '../platform/errors.ts';
import { Prisma } from '../platform/generated/prisma/client.ts';
import type { Logger } from '../platform/log.ts';
import { maskError } from './mask.ts';

/** What a client is told of an error that a resolver threw, and what is logged at which level. */
function masked(thrown: Error) {
  const logged: { level: string; errorId: unknown }[] = [];
  const at = (level: string) => (fields: { errorId?: unknown }) =>
    logged.push({ level, errorId: fields.errorId });
  const levels = ['debug', 'info', 'warn', 'error'].map((level) => [level, at(level)]);
  const mask = maskError(Object.fromEntries(levels) as unknown as Logger);
  const told = mask(new GraphQLError(thrown.message, { originalError: thrown }));
  return { message: told.message, extensions: told.extensions, logged };
}

/** As Prisma throws it when the database refused a value. */
const refused = (originalCode: string) =>
  new Prisma.PrismaClientKnownRequestError('raw query failed', {
    code: 'P2010',
    clientVersion: '',
    meta: { driverAdapterError: new Error('refused', { cause: { kind: 'postgres', originalCode } }) },
  });

describe('what a client is told of an error', () => {
  it('a fault of ours is never called the client’s', () => {
    const faults = [
      new SyntaxError('Unexpected token in JSON'),
      new RangeError('Invalid time value'),
      new TypeError('x is not a function'),
      new Error('invalid byte sequence 22021'),
      new Prisma.PrismaClientValidationError('Unknown argument', { clientVersion: '' }),
      refused('22003'),
    ];
    for (const fault of faults) {
      const { message, extensions, logged } = masked(fault);
      expect(extensions['code'], fault.message).toBe('UNEXPECTED');
      expect(message).not.toContain(fault.message);
      expect(message).toContain(extensions['id']);
      expect(logged).toEqual([{ level: 'error', errorId: extensions['id'] }]);
    }
  });

  it('a text that the database cannot hold is the client’s', () => {
    expect(masked(refused('22021'))).toMatchObject({ extensions: { code: 'INVALID' }, logged: [] });
  });

  it('the builder’s own rules name the argument', () => {
    const { extensions } = masked(
      new PothosValidationError('Argument "first" must be a non-negative integer'),
    );
    expect(extensions).toEqual({ code: 'INVALID', field: 'first' });
  });

  it('a database that is away, or too busy, is said to be so', () => {
    for (const code of ['57P01', '57014']) {
      expect(masked(refused(code))).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    }
  });

  it('what is meant for it passes', () => {
    const { message, extensions } = masked(new AppError('CONFLICT', 'no', { field: 'x' }));
    expect({ message, extensions }).toEqual({ message: 'no', extensions: { code: 'CONFLICT', field: 'x' } });
  });
});
