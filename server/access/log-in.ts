import { AppError, conflict, invalid, notFound, refusing } from '../platform/errors.ts';
import { change, type NewEvent, type Transaction } from '../platform/event-log.ts';
import type { PersonModel } from '../platform/generated/prisma/models.ts';
import { ADMINISTRATORS, grantsJson, lockAdministrators } from './administrators.ts';
import { knownDevice, rememberDevice } from './device.ts';
import { EVERYTHING } from './grants.ts';
import { invitationOf } from './invitation.ts';
import {
  accessChanged,
  audit,
  begin,
  loginNameOf,
  nameTaken,
  targetOf,
  type LoggedIn,
  type PeopleDeps,
} from './person.ts';
import type { Caller, PersonPrincipal } from './principal.ts';
import { countAttempt } from './throttle.ts';

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
  let person: PersonModel | null = null;
  const right = await attempted(deps, loginName, caller, async () => {
    person = await deps.prisma.person.findUnique({ where: { loginName, disabled: false } });
    return deps.passwords.verify(person?.passwordHash ?? null, password);
  });
  if (!right || !person) throw wrong(loginName, person);
  const { id, passwordHash }: PersonModel = person;
  return change(deps, async (tx, record) => {
    // What was checked must still hold: the row is locked against whoever changes it.
    const found = await tx.person.updateManyAndReturn({
      where: { id, disabled: false, passwordHash },
      data: { lastLogInAt: deps.clock.now() },
    });
    if (!found[0]) throw wrong(loginName, person);
    await endSessions(deps, tx, record, caller);
    const loggedIn = await beginByPassword(deps, tx, caller, found[0]);
    await audit(deps, tx, { ...caller, principal: loggedIn.principal }, 'logIn', found[0]);
    return loggedIn;
  });
}

/**
 * The same to who asks whether there is somebody of that name; the audit log is told who, and of a name that is
 * nobody's only that: it may be a password that was typed in the wrong place.
 */
const wrong = (loginName: string, person: PersonModel | null): AppError =>
  refusing(new AppError('UNAUTHENTICATED', 'The name or the password is wrong.'), {
    at: loginName,
    targets: person ? [targetOf(person)] : [],
  });

/**
 * Looks whether an attempt is a right one; a wrong one counts. One that could not be looked at, because the server or
 * the database had no time, is nobody's fault and does not.
 * @throws AppError UNAVAILABLE while too many have been tried; what `look` throws
 */
async function attempted(
  deps: PeopleDeps,
  loginName: string,
  { from, device }: Caller,
  look: () => Promise<boolean>,
): Promise<boolean> {
  const known = await knownDevice(deps.prisma, loginName, device);
  const attempt = await countAttempt(deps, loginName, from, known);
  const right = await look().catch(async (error: unknown) => {
    // What failed may be the database itself.
    await attempt.wasNotLookedAt().catch(() => undefined);
    throw error;
  });
  if (right) await attempt.wasRight();
  return right;
}

/**
 * Ends the session of the principal, on every server.
 * @param everywhere and all others of the same person
 */
export async function logOut(
  deps: PeopleDeps,
  { principal, ...from }: Caller & { principal: PersonPrincipal },
  everywhere = false,
): Promise<void> {
  await change(deps, (tx, record) => endSessions(deps, tx, record, { principal, ...from }, everywhere));
}

/** Ends the session, if there is one, that a browser has: another takes its place in the browser, or none. */
async function endSessions(
  deps: PeopleDeps,
  tx: Transaction,
  record: (event: NewEvent) => void,
  caller: Caller,
  everywhere = false,
): Promise<void> {
  const { principal } = caller;
  if (principal.kind !== 'person') return;
  const { personId: id, sessionId, name } = principal;
  const { count: sessions } = await tx.session.deleteMany({
    where: everywhere ? { personId: id } : { id: sessionId },
  });
  if (sessions === 0) return;
  record(accessChanged(name, `${name} logged out.`));
  await audit(deps, tx, caller, 'logOut', { id, name }, { detail: { sessions } });
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
  const right = await attempted(deps, person.loginName, caller, () =>
    deps.passwords.verify(person.passwordHash, current),
  );
  if (!right)
    throw refusing(invalid('input.current', 'is not your present password'), {
      at: person.id,
      targets: [targetOf(person)],
    });
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
  await endSessions(deps, tx, record, caller);
  const loggedIn = await beginByPassword(deps, tx, caller, person);
  await audit(deps, tx, { ...caller, principal: loggedIn.principal }, action, person);
  return loggedIn;
}

/** Begins a session of the person, to whom the browser is known from now on. */
async function beginByPassword(
  deps: PeopleDeps,
  tx: Transaction,
  { device }: Caller,
  person: PersonModel,
): Promise<LoggedIn> {
  const loggedIn = await begin(deps, tx, person);
  return { ...loggedIn, device: await rememberDevice(tx, person.id, device, deps.clock.now()) };
}
