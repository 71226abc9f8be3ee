import { buildSchema, execute, GraphQLError, parse, validate } from 'graphql';
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

  it('a database that is away, or too busy, is said to be so', () => {
    for (const code of ['57P01', '57014']) {
      expect(masked(refused(code))).toMatchObject({ extensions: { code: 'UNAVAILABLE' } });
    }
  });

  it('what is meant for it passes', () => {
    const { message, extensions } = masked(new AppError('CONFLICT', 'no', { field: 'x' }));
    expect({ message, extensions }).toEqual({ message: 'no', extensions: { code: 'CONFLICT', field: 'x' } });
  });

  it('the values that are wrong are not repeated, whatever is wrong with them', async () => {
    const schema = buildSchema(`
      enum Kind { ONE TWO }
      input Login { name: String! password: String! kind: Kind age: Int }
      type Query { ask(login: Login, kind: Kind, age: Int, id: ID, list: [Login!]): String }
    `);
    const secret = 'hunter2 at "x.y"; z';
    const literal = JSON.stringify(secret);
    const documents = [
      `{ ask(login: { password: ${literal} }) }`,
      `{ ask(login: { name: "a", password: "b", age: ${literal} }) }`,
      `{ ask(login: ${literal}) }`,
      `{ ask(kind: ${literal}) }`,
      `{ ask(age: ${literal}) }`,
      `{ ask(id: [${literal}]) }`,
      `{ ask ${literal} }`,
      `{ ask(age: 1) ${literal}`,
      `${literal}`,
      `"""${secret}""" { ask }`,
    ];
    const mask = maskError({} as Logger);
    const told: GraphQLError[] = [];
    for (const document of documents) {
      try {
        told.push(...validate(schema, parse(document)).map(mask));
      } catch (error) {
        told.push(mask(error));
      }
    }
    const types = { login: 'Login', kind: 'Kind', age: 'Int', id: 'ID', list: '[Login!]' };
    for (const [name, type] of Object.entries(types)) {
      const document = parse(`query ($${name}: ${type}) { ask(${name}: $${name}) }`);
      const values = [
        secret,
        [secret],
        { password: secret },
        { name: 'a', password: [secret] },
        { name: 'a', password: 'b', kind: secret },
        { name: 'a', password: 'b', more: secret },
        [{ name: 'a', password: 'b', age: secret }],
      ];
      for (const value of values) {
        const { errors } = await execute({ schema, document, variableValues: { [name]: value } });
        told.push(...(errors ?? []).map(mask));
      }
    }
    const unnamed = await execute({ schema, document: parse('{ ask }'), operationName: secret });
    told.push(...unnamed.errors!.map(mask));
    expect(told.length).toBeGreaterThan(documents.length + 20);
    expect(told.filter(({ message }) => message.includes('hunter2')).map(({ message }) => message)).toEqual(
      [],
    );
    expect(told.map(({ extensions }) => extensions['code'])).toEqual(told.map(() => 'INVALID'));
    expect(told.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'Variable "$login" does not fit at "login.kind": The value does not exist in "Kind" enum.',
        'Variable "$list" does not fit at "list[0].age": Int cannot represent non-integer value.',
        'Variable "$login" does not fit at "login": Field "name" of required type "String!" was not provided.',
        'Int cannot represent non-integer value.',
        'The document has no operation of that name.',
        'Syntax Error: Expected Name, found String.',
      ]),
    );
  });
});
