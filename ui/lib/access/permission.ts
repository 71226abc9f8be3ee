import type { Action, Permission } from './queries.ts';

/** Why an action cannot be taken on something, by what the server says of it; undefined when it can. */
export function lacking(permissions: readonly Permission[] | undefined, action: Action): string | undefined {
  const permission = permissions?.find((one) => one.action === action);
  if (!permission) return 'It is not known yet whether you may.';
  return permission.allowed ? undefined : (permission.reason ?? 'You may not.');
}
