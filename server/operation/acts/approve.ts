import type { Deps } from '../../deps.ts';
import { idOf, type Caller, type PersonPrincipal, type Principal } from '../../access/principal.ts';
import { AppError, conflict } from '../../platform/errors.ts';
import type { NewEvent } from '../../platform/event-log.ts';
import type { OperationModel } from '../../platform/generated/prisma/models.ts';
import { actOn, type ActRequest } from './scope.ts';

type ApprovalRequest = Pick<ActRequest, 'operationId' | 'reason'>;
const WHOLE = { wave: null, clusterId: null, nodeId: null };

/**
 * Approves an operation, also ahead of its time. Once as many have as are needed, it may begin.
 * @throws AppError as {@link actOn}; FORBIDDEN for who is no person, has started it or has made the key that did;
 *   CONFLICT when it needs no approval or has begun.
 */
export const approveOperation = (
  deps: Deps,
  caller: Caller,
  request: ApprovalRequest,
): Promise<OperationModel> =>
  actOn(
    deps,
    caller,
    'approveOperation',
    { ...request, scope: WHOLE },
    async (tx, { operation, actor, now }) => {
      mustNeedApproval(operation);
      const { personId, name: personName } = asPerson(caller.principal);
      if ([operation.startedBy, operation.keyMadeBy].includes(idOf(caller.principal)))
        throw new AppError('FORBIDDEN', 'It is for another person than who started it to approve it.');
      const approval = { operationId: operation.id, personId };
      if (await tx.approval.findUnique({ where: { operationId_personId: approval } })) return [];
      if (operation.startedAt) throw conflict('It has begun.');
      await tx.approval.create({ data: { ...approval, personName, at: now } });
      return told(operation, actor, 'Approved', request.reason);
    },
  );

/**
 * Takes one's approval back.
 * @throws AppError as {@link actOn}; FORBIDDEN for who is no person; CONFLICT when it needs no approval or has begun.
 */
export const withdrawApproval = (
  deps: Deps,
  caller: Caller,
  request: ApprovalRequest,
): Promise<OperationModel> =>
  actOn(deps, caller, 'withdrawApproval', { ...request, scope: WHOLE }, async (tx, { operation, actor }) => {
    mustNeedApproval(operation);
    const { personId } = asPerson(caller.principal);
    if (operation.startedAt) throw conflict('It has begun: pause or abort it.');
    const { count } = await tx.approval.deleteMany({ where: { operationId: operation.id, personId } });
    return count === 0 ? [] : told(operation, actor, 'Approval withdrawn', request.reason);
  });

function mustNeedApproval({ approvalsNeeded }: OperationModel): void {
  if (approvalsNeeded === 0) throw conflict('It needs no approval.');
}

function asPerson(principal: Principal): PersonPrincipal {
  if (principal.kind === 'person') return principal;
  throw new AppError('FORBIDDEN', 'This is for people who are logged in: a program approves nothing.');
}

const told = (
  { id: operationId }: OperationModel,
  { name: actor }: { name: string },
  what: string,
  reason: string | null,
): NewEvent[] => [
  {
    kind: 'OPERATION_CHANGED',
    operationId,
    actor,
    summary: [`${what} by ${actor}.`, reason].filter(Boolean).join(' '),
  },
];
