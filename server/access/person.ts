import type { Bus } from '../platform/bus.ts';
import type { Clock } from '../platform/clock.ts';
import { conflict, type AppError } from '../platform/errors.ts';
import type { NewEvent, Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { PersonModel } from '../platform/generated/prisma/models.ts';
import { grantsIn } from './administrators.ts';
import type { Json } from './audit/chain.ts';
import { recordAudit } from './audit/record.ts';
import type { Passwords } from './password.ts';
import type { Caller, PersonPrincipal } from './principal.ts';
import { beginSession, type SessionSettings } from './session.ts';

/**
 * People: who they are, how they come in, and what they may do.
 *
 *     createPerson ──► invited ──acceptInvitation──► active ◄──updatePerson──► disabled
 *                      no password yet               may log in                nobody gets in by that name
 *
 * A session has the rights it began with: whatever changes a person's rights or password ends all the person's
 * sessions, and whoever did it to themselves gets a new one. Each such change writes an ACCESS_CHANGED event in its
 * own transaction, by which every server ends what is open under a session that is gone (credential-watch.ts).
 * When a server dies in the middle, the transaction is as if it had never begun: an invitation is not used up without
 * the password that it was used for.
 */
export interface PeopleDeps {
  prisma: PrismaClient;
  bus: Bus;
  clock: Clock;
  passwords: Passwords;
  sessions: SessionSettings;
}

/** Someone has come in: the secret is for the cookie. */
export interface LoggedIn {
  principal: PersonPrincipal;
  secret: string;
  /** Where it was by a password: by which the browser is known from now on. For a cookie too. */
  device?: string;
}

/** Names that differ in case only are the same. */
export const loginNameOf = (name: string): string => name.normalize('NFKC').toLowerCase();

export const accessChanged = (actor: string, summary: string): NewEvent => ({
  kind: 'ACCESS_CHANGED',
  actor,
  summary,
});

/** @returns CONFLICT: the name is another person's. */
export const nameTaken = (name: string): AppError =>
  conflict(`There is somebody named ${name} already.`, { field: 'input.name' });

/** Begins a session of the person. */
export async function begin(deps: PeopleDeps, tx: Transaction, person: PersonModel): Promise<LoggedIn> {
  const { secret, sessionId, expiresAt } = await beginSession(tx, person.id, deps.clock.now(), deps.sessions);
  const { id: personId, name } = person;
  const grants = grantsIn(person.grants);
  return { secret, principal: { kind: 'person', personId, name, sessionId, grants, expiresAt } };
}

export const targetOf = ({ id, name }: { id: string; name: string }) => ({ type: 'Person', id, name });

/** The last statement of what it tells of. */
export const audit = (
  { clock }: PeopleDeps,
  tx: Transaction,
  { principal, from }: Caller,
  action: string,
  person: { id: string; name: string },
  more: { reason?: string | null; detail?: Json } = {},
): Promise<void> =>
  recordAudit(tx, {
    principal,
    from,
    at: clock.now(),
    action,
    targets: [targetOf(person)],
    result: 'DONE',
    ...more,
  });
