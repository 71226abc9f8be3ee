import { createHash, randomBytes } from 'node:crypto';
import { AppError } from '../platform/errors.ts';
import { canonicalGrants, EVERYTHING, hasRole, hasRoleOverAll, type Grant, type Role } from './grants.ts';

/** Who asks. */
export type Principal =
  /** No session, or one that has ended: sees the log-in and nothing else. */
  | { kind: 'anonymous' }
  /** With AUTH=off, whoever is on this machine: an administrator of everything. */
  | { kind: 'local'; name: 'local' }
  /** The OC itself, where it goes on with what somebody began. `behalfOf`: who that is, as {@link idOf} says it. */
  | { kind: 'system'; name: string; behalfOf: string }
  | { kind: 'person'; personId: string; name: string; sessionId: string; grants: Grant[]; expiresAt: Date }
  /** A program by an API key. */
  | { kind: 'key'; keyId: string; name: string; grants: Grant[]; expiresAt: Date | null }
  | {
      kind: 'manager';
      managerId: string;
      clusterId: string;
      name: string;
      credentialHash: string;
      /** Stays through renewals. */
      credentialId: string;
    };

export type ManagerPrincipal = Extract<Principal, { kind: 'manager' }>;
export type PersonPrincipal = Extract<Principal, { kind: 'person' }>;

/** Who asks, and from where: what is written down of each act. */
export interface Caller {
  principal: Principal;
  /** The peer's address; the forwarded one only behind a proxy that is trusted. */
  from: string;
  /** The secret by which the browser may be known here, see device.ts. */
  device?: string | undefined;
}

/** Who it is, for people. */
export const nameOf = (principal: Principal): string =>
  'name' in principal ? principal.name : principal.kind;

export const idOfPerson = (personId: string): string => `person ${personId}`;

/** Who it is, for ever: a name may be given to another. */
export function idOf(principal: Principal): string {
  switch (principal.kind) {
    case 'person':
      return idOfPerson(principal.personId);
    case 'key':
      return `key ${principal.keyId}`;
    case 'manager':
      return `manager ${principal.managerId}`;
    default:
      return principal.kind;
  }
}

/** What it may do, and where. Managers have rights of another kind: those over their own cluster. */
export const grantsOf = (principal: Principal): readonly Grant[] =>
  principal.kind === 'local' || principal.kind === 'system'
    ? EVERYTHING
    : 'grants' in principal
      ? principal.grants
      : [];

/** Whether it has the role over any cluster at all. */
export const isAnywhere = (principal: Principal, role: Role): boolean => hasRole(grantsOf(principal), role);

/** Whether it has the role over the whole system. */
export const isOverAll = (principal: Principal, role: Role): boolean =>
  hasRoleOverAll(grantsOf(principal), role);

/** What decides what is shown: principals of one scope get the same answer to the same question. */
export function scopeOf(principal: Principal): string {
  if (principal.kind === 'anonymous') return 'anonymous';
  if (principal.kind === 'manager') return `manager ${principal.managerId}`;
  return JSON.stringify(canonicalGrants(grantsOf(principal)));
}

/** Secrets are stored hashed only. They are random, so one round is enough. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** 256 random bits behind a prefix that says what they are, so that one that was left lying about is known for it. */
export const newSecret = (prefix: 'ocs' | 'ocd' | 'ock' | 'oci' | 'oce'): string =>
  `${prefix}_${randomBytes(32).toString('base64url')}`;

/**
 * The manager that a manager's field is asked by; its `authScopes` have made sure of that.
 * @throws AppError FORBIDDEN otherwise.
 */
export function asManager(principal: Principal): ManagerPrincipal {
  if (principal.kind === 'manager') return principal;
  throw new AppError('FORBIDDEN', 'This is for managers.');
}
