import { resolve } from '$app/paths';
import { mutate } from '$lib/kit/client.ts';
import type { Problem } from '$lib/kit/problem.ts';
import { forgetToken } from './enrolment.ts';
import { LogOut } from './queries.ts';

/** Ends this session, or all of one's own, and leads to the log-in; otherwise says why not. */
export async function logOut(everywhere: boolean): Promise<Problem | undefined> {
  const { problem } = await mutate(LogOut, { everywhere });
  // Who is logged out already is where this leads.
  if (problem && problem.code !== 'UNAUTHENTICATED' && problem.code !== 'FORBIDDEN') return problem;
  forgetToken();
  // Anew: nothing that was shown is kept.
  location.assign(resolve('/login'));
  return undefined;
}
