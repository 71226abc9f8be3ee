import type { Bus } from '../platform/bus.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError, conflict, notFound } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { PrismaClient } from '../platform/generated/prisma/client.ts';
import type { PersonModel } from '../platform/generated/prisma/models.ts';
import type { Json } from './audit/chain.ts';
import { recordAudit } from './audit/record.ts';
import { ADMINISTRATORS, administers, grantsIn, grantsJson, lockAdministrators } from './administrators.ts';
import { EVERYTHING, type Grant } from './grants.ts';
import { invitationOf, invite, type Invited } from './invitation.ts';
import type { Passwords } from './password.ts';
import { nameOf, type Caller, type PersonPrincipal } from './principal.ts';
import { beginSession, type SessionSettings } from './session.ts';
import { countAttempt } from './throttle.ts';

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
}

/** Names that differ in case only are the same. */
export const loginNameOf = (name: string): string => name.normalize('NFKC').toLowerCase();

export const accessChanged = (actor: string, summary: string): NewEvent => ({
  kind: 'ACCESS_CHANGED',
  actor,
  summary,
});

/**
 * Logs in by name and password: the same answer after the same time whether the name or the password is wrong.
 * @throws AppError UNAUTHENTICATED; UNAVAILABLE while too many have been tried, see throttle.ts
 */
export async function logIn(
  deps: PeopleDeps,
  caller: Caller,
  { name, password }: { name: string; password: string },
): Promise<LoggedIn> {
  const loginName = loginNameOf(name);
  const wasRight = await countAttempt(deps, loginName, caller.from);
  const person = await deps.prisma.person.findUnique({ where: { loginName, disabled: false } });
  if (!(await deps.passwords.verify(person?.passwordHash ?? null, password)) || !person)
    throw new AppError('UNAUTHENTICATED', 'The name or the password is wrong.');
  await wasRight();
  return deps.prisma.$transaction(async (tx) => {
    // What was checked must still hold: the row is locked against whoever changes it.
    const found = await tx.person.updateManyAndReturn({
      where: { id: person.id, disabled: false, passwordHash: person.passwordHash },
      data: { lastLogInAt: deps.clock.now() },
    });
    if (!found[0]) throw new AppError('UNAUTHENTICATED', 'The name or the password is wrong.');
    const loggedIn = await begin(deps, tx, found[0]);
    await audit(deps, tx, { ...caller, principal: loggedIn.principal }, 'logIn', found[0]);
    return loggedIn;
  });
}

/** Ends the session of the principal, on every server. */
export async function logOut(
  deps: PeopleDeps,
  { principal, ...from }: Caller & { principal: PersonPrincipal },
): Promise<void> {
  await change(deps, async (tx, record) => {
    const { count } = await tx.session.deleteMany({ where: { id: principal.sessionId } });
    if (count === 0) return;
    record(accessChanged(principal.name, `${principal.name} logged out.`));
    const { personId: id, name } = principal;
    await audit(deps, tx, { principal, ...from }, 'logOut', { id, name });
  });
}

/**
 * Changes one's own password. All one's sessions end; a new one begins.
 * @throws AppError INVALID for a wrong present password; UNAVAILABLE as logIn
 */
export async function changePassword(
  deps: PeopleDeps,
  caller: Caller & { principal: PersonPrincipal },
  { current, password }: { current: string; password: string },
): Promise<LoggedIn> {
  const person = await deps.prisma.person.findUniqueOrThrow({ where: { id: caller.principal.personId } });
  const wasRight = await countAttempt(deps, person.loginName, caller.from);
  if (!(await deps.passwords.verify(person.passwordHash, current)))
    throw new AppError('INVALID', 'input.current: is not your present password', { field: 'input.current' });
  await wasRight();
  const passwordHash = await deps.passwords.hash(password);
  return change(deps, async (tx, record) => {
    const [changed] = await tx.person.updateManyAndReturn({
      where: { id: person.id, disabled: false, passwordHash: person.passwordHash },
      data: { passwordHash },
    });
    if (!changed) throw conflict('The password was changed meanwhile.');
    return renewed(
      deps,
      tx,
      record,
      caller,
      'changePassword',
      changed,
      `${person.name} changed the password.`,
    );
  });
}

/**
 * Chooses a password by an invitation, which it uses up, and logs in.
 * @throws AppError NOT_FOUND when there is none (any more) with this token
 */
export async function acceptInvitation(
  deps: PeopleDeps,
  caller: Caller,
  { token, password }: { token: string; password: string },
): Promise<LoggedIn> {
  // Looked at before, so that only who has an invitation keeps the server busy with passwords.
  await invitationOf(deps, token);
  const passwordHash = await deps.passwords.hash(password);
  return change(deps, async (tx, record) => {
    const { id, personId } = await invitationOf({ ...deps, prisma: tx }, token);
    const { count } = await tx.invitation.deleteMany({ where: { id } });
    if (count === 0 || personId === null) throw notFound('invitation', 'of this token');
    await tx.invitation.deleteMany({ where: { personId } });
    const person = await tx.person.update({
      where: { id: personId },
      data: { passwordHash, lastLogInAt: deps.clock.now() },
    });
    return renewed(deps, tx, record, caller, 'acceptInvitation', person, `${person.name} chose a password.`);
  });
}

/**
 * Creates the first administrator by the link that the server printed when it started, and logs in.
 * @throws AppError NOT_FOUND when the token is not known (any more); CONFLICT when there is somebody already
 */
export async function createFirstAdministrator(
  deps: PeopleDeps,
  caller: Caller,
  { token, name, password }: { token: string; name: string; password: string },
): Promise<LoggedIn> {
  await invitationOf(deps, token);
  const passwordHash = await deps.passwords.hash(password);
  return change(deps, async (tx, record) => {
    // Servers that started together have each printed a link: one of all of them is used.
    await lockAdministrators(tx);
    const { personId } = await invitationOf({ ...deps, prisma: tx }, token);
    if (personId !== null) throw notFound('invitation', 'of this token');
    if ((await tx.person.count({ where: ADMINISTRATORS })) > 0)
      throw conflict('There is an administrator already: log in.');
    await tx.invitation.deleteMany({ where: { personId: null } });
    const now = deps.clock.now();
    const data = { name, loginName: loginNameOf(name), grants: grantsJson(EVERYTHING), passwordHash };
    const [person] = await tx.person.createManyAndReturn({
      data: [{ ...data, createdAt: now, createdBy: name, lastLogInAt: now }],
      skipDuplicates: true,
    });
    if (!person) throw nameTaken(name);
    const summary = `${name} is the first administrator.`;
    return renewed(deps, tx, record, caller, 'createFirstAdministrator', person, summary);
  });
}

/**
 * Adds a person, who chooses a password by the invitation.
 * @throws AppError CONFLICT when the name is taken
 */
export async function createPerson(
  deps: PeopleDeps,
  caller: Caller,
  { name, grants, reason }: { name: string; grants: readonly Grant[]; reason: string | null },
): Promise<{ person: PersonModel; invitation: Invited }> {
  const now = deps.clock.now();
  const loginName = loginNameOf(name);
  return change(deps, async (tx, record) => {
    const createdBy = nameOf(caller.principal);
    const data = { name, loginName, grants: grantsJson(grants), createdAt: now, createdBy };
    const [person] = await tx.person.createManyAndReturn({ data: [data], skipDuplicates: true });
    if (!person) throw nameTaken(name);
    record(accessChanged(createdBy, `${name} was invited.`));
    const invitation = await invite(tx, person.id, now);
    await audit(deps, tx, caller, 'createPerson', person, {
      reason,
      detail: { grants: json(person.grants) },
    });
    return { person, invitation };
  });
}

/** Makes a new invitation: the way back in for who has forgotten the password. The old password holds until it is used. */
export async function invitePerson(
  deps: PeopleDeps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<{ person: PersonModel; invitation: Invited }> {
  return deps.prisma.$transaction(async (tx) => {
    const person = await tx.person.findUnique({ where: { id } });
    if (!person) throw notFound('person', id);
    await tx.invitation.deleteMany({ where: { personId: id } });
    const invitation = await invite(tx, id, deps.clock.now());
    await audit(deps, tx, caller, 'invitePerson', person, { reason });
    return { person, invitation };
  });
}

export interface PersonUpdate {
  id: string;
  /** Null: as they are. */
  grants: readonly Grant[] | null;
  disabled: boolean | null;
  reason: string | null;
}

/**
 * Changes what a person may do, or whether the person may come in at all.
 * @returns with a new session when the principal did it to itself and may still come in.
 * @throws AppError NOT_FOUND; CONFLICT when nobody would be left who can administer the whole system
 */
export async function updatePerson(
  deps: PeopleDeps,
  caller: Caller,
  { id, grants, disabled, reason }: PersonUpdate,
): Promise<{ person: PersonModel; loggedIn: LoggedIn | null }> {
  return change(deps, async (tx, record) => {
    await lockAdministrators(tx);
    const before = await tx.person.findUnique({ where: { id } });
    if (!before) throw notFound('person', id);
    const person = await tx.person.update({
      where: { id },
      data: { ...(grants && { grants: grantsJson(grants) }), ...(disabled !== null && { disabled }) },
    });
    if (
      JSON.stringify(before.grants) === JSON.stringify(person.grants) &&
      before.disabled === person.disabled
    )
      return { person, loggedIn: null };
    if (
      administers(before) &&
      !administers(person) &&
      (await tx.person.count({ where: ADMINISTRATORS })) === 0
    )
      throw conflict('Nobody would be left who can administer the whole system.');
    if (person.disabled) await tx.invitation.deleteMany({ where: { personId: id } });
    const { principal } = caller;
    const what = person.disabled ? 'was disabled' : before.disabled ? 'was enabled' : 'has other rights';
    record(accessChanged(nameOf(principal), `${person.name} ${what}.`));
    await tx.session.deleteMany({ where: { personId: id } });
    const itself = principal.kind === 'person' && principal.personId === id && !person.disabled;
    const loggedIn = itself ? await begin(deps, tx, person) : null;
    const detail = { grants: json(person.grants), disabled: person.disabled };
    await audit(deps, tx, caller, 'updatePerson', person, { reason, detail });
    return { person, loggedIn };
  });
}

const nameTaken = (name: string) =>
  conflict(`There is somebody named ${name} already.`, { field: 'input.name' });

async function begin(deps: PeopleDeps, tx: Transaction, person: PersonModel): Promise<LoggedIn> {
  const { secret, sessionId, expiresAt } = await beginSession(tx, person.id, deps.clock.now(), deps.sessions);
  const { id: personId, name } = person;
  const grants = grantsIn(person.grants);
  return { secret, principal: { kind: 'person', personId, name, sessionId, grants, expiresAt } };
}

/** Ends all sessions of the person, who did it, and begins a new one. */
async function renewed(
  deps: PeopleDeps,
  tx: Transaction,
  record: (event: NewEvent) => void,
  caller: Caller,
  action: string,
  person: PersonModel,
  summary: string,
): Promise<LoggedIn> {
  await tx.session.deleteMany({ where: { personId: person.id } });
  record(accessChanged(person.name, summary));
  const loggedIn = await begin(deps, tx, person);
  await audit(deps, tx, { ...caller, principal: loggedIn.principal }, action, person);
  return loggedIn;
}

const json = (value: PersonModel['grants']): Json => value as Json;

/** The last statement of what it tells of. */
const audit = (
  { clock }: PeopleDeps,
  tx: Transaction,
  { principal, from }: Caller,
  action: string,
  { id, name }: { id: string; name: string },
  more: { reason?: string | null; detail?: Json } = {},
): Promise<void> =>
  recordAudit(tx, {
    principal,
    from,
    at: clock.now(),
    action,
    targets: [{ type: 'Person', id, name }],
    result: 'DONE',
    ...more,
  });
