import { resolve } from '$app/paths';
import type { Action } from './queries.ts';

export interface AccessTab {
  value: 'people' | 'keys' | 'tokens';
  name: string;
  href: string;
  /** Without it there is nothing to see. */
  needs: Action;
}

/** The pages of access. */
export const ACCESS_TABS: readonly AccessTab[] = [
  { value: 'people', name: 'People', href: resolve('/access/people'), needs: 'MANAGE_PEOPLE' },
  { value: 'keys', name: 'API keys', href: resolve('/access/keys'), needs: 'MANAGE_API_KEYS' },
  { value: 'tokens', name: 'Enrolment tokens', href: resolve('/access/tokens'), needs: 'MANAGE_MANAGERS' },
];
