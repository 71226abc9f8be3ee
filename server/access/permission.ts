import { isAnywhere, isOverAll, type Principal } from './principal.ts';

export const ACTIONS = [
  'START_OPERATION',
  'ABORT_OPERATION',
  'MANAGE_PEOPLE',
  'MANAGE_API_KEYS',
  'MANAGE_MANAGERS',
  'READ_AUDIT_LOG',
] as const;
export type Action = (typeof ACTIONS)[number];

/** Whether one may do something and, where one may not, what is lacking. */
export interface Permission {
  action: Action;
  allowed: boolean;
  reason: string | null;
}

export const permission = (action: Action, allowed: boolean, lacking: string): Permission => ({
  action,
  allowed,
  reason: allowed ? null : lacking,
});

/** What a principal may do that is about no cluster in particular. */
export function permissionsOf(principal: Principal): Permission[] {
  const operates = isAnywhere(principal, 'OPERATOR');
  const administers = isOverAll(principal, 'ADMINISTRATOR');
  return [
    permission('START_OPERATION', operates, 'It needs the role OPERATOR over a cluster.'),
    ...(['MANAGE_PEOPLE', 'MANAGE_API_KEYS', 'MANAGE_MANAGERS', 'READ_AUDIT_LOG'] as const).map((action) =>
      permission(action, administers, 'It needs the role ADMINISTRATOR over the whole system.'),
    ),
  ];
}
