import { getNamedType, type GraphQLResolveInfo } from 'graphql';
import type { Principal } from '../access/principal.ts';
import { AppError } from '../platform/errors.ts';

/** What each scope is called where it is lacking. */
const NEEDED: Record<string, string> = {
  viewer: 'the role VIEWER',
  operator: 'the role OPERATOR',
  administrator: 'the role ADMINISTRATOR',
  administratorOfAll: 'the role ADMINISTRATOR over the whole system',
  person: 'a person who is logged in',
  manager: 'a manager',
  managerOf: 'a manager of the cluster',
};

/** Why a field is refused: nobody is logged in, or what who asks lacks. */
export function unauthorized(
  principal: Principal,
  { parentType, fieldName }: Pick<GraphQLResolveInfo, 'parentType' | 'fieldName'>,
): AppError {
  const field = `${parentType.name}.${fieldName}`;
  if (principal.kind === 'anonymous')
    return new AppError('UNAUTHENTICATED', `${field}: log in first.`, { field: fieldName });
  const definition = parentType.getFields()[fieldName];
  // Whose field is for everybody was refused what is in it: the type that the field answers.
  const rules = [definition, parentType, definition && getNamedType(definition.type)].map(scopesOf);
  const scopes = rules.find((rule) => rule && !('public' in rule)) ?? {};
  const needed = Object.keys(scopes).map((scope) => NEEDED[scope] ?? scope);
  const needs = needed.length > 0 ? `needs ${needed.join(' or ')}` : 'is not for you';
  return new AppError('FORBIDDEN', `${field} ${needs}.`, { field: fieldName });
}

/** A rule that depends on the object is a function, and has no words. */
function scopesOf(thing: { extensions: Readonly<Record<string, unknown>> } | undefined): object | undefined {
  const options = thing?.extensions['pothosOptions'] as { authScopes?: unknown } | undefined;
  return typeof options?.authScopes === 'object' && options.authScopes !== null
    ? options.authScopes
    : undefined;
}
