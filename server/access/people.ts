import { conflict, notFound } from '../platform/errors.ts';
import { change } from '../platform/event-log.ts';
import type { PersonModel } from '../platform/generated/prisma/models.ts';
import { ADMINISTRATORS, administers, grantsJson, lockAdministrators } from './administrators.ts';
import type { Json } from './audit/chain.ts';
import type { Grant } from './grants.ts';
import { invite, type Invited } from './invitation.ts';
import {
  accessChanged,
  audit,
  begin,
  loginNameOf,
  nameTaken,
  type LoggedIn,
  type PeopleDeps,
} from './person.ts';
import { nameOf, type Caller } from './principal.ts';

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

/**
 * Makes a new invitation: the way back in for who has forgotten the password. The old password holds until it is used.
 * @throws AppError NOT_FOUND; CONFLICT for one who is disabled
 */
export async function invitePerson(
  deps: PeopleDeps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<{ person: PersonModel; invitation: Invited }> {
  return deps.prisma.$transaction(async (tx) => {
    const person = await tx.person.findUnique({ where: { id } });
    if (!person) throw notFound('person', id, 'id');
    if (person.disabled) throw conflict(`${person.name} is disabled: nobody gets in by that name.`);
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
    if (!before) throw notFound('person', id, 'input.id');
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

/**
 * Ends all sessions of a person, who may log in again: for a browser that was left open, or a cookie in other hands.
 * @throws AppError NOT_FOUND
 */
export async function endSessions(
  deps: PeopleDeps,
  caller: Caller,
  { id, reason }: { id: string; reason: string | null },
): Promise<PersonModel> {
  return change(deps, async (tx, record) => {
    const person = await tx.person.findUnique({ where: { id } });
    if (!person) throw notFound('person', id, 'id');
    const { count: sessions } = await tx.session.deleteMany({ where: { personId: id } });
    if (sessions === 0) return person;
    record(accessChanged(nameOf(caller.principal), `All sessions of ${person.name} were ended.`));
    await audit(deps, tx, caller, 'endSessions', person, { reason, detail: { sessions } });
    return person;
  });
}

const json = (value: PersonModel['grants']): Json => value as Json;
