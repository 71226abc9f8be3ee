import type { Deps } from '../deps.ts';
import { peerOf } from '../http/peer.ts';
import { FairQueue } from '../platform/fair-queue.ts';
import { Passwords } from './password.ts';

/** For tests of what lies above: whoever asks may do everything. */
export const withoutAuthentication: Pick<
  Deps,
  | 'authenticate'
  | 'authentication'
  | 'sessions'
  | 'passwords'
  | 'denials'
  | 'peerOf'
  | 'admissions'
  | 'reports'
> = {
  authenticate: async () => ({ kind: 'local', name: 'local' }),
  authentication: false,
  sessions: { idleMs: 3_600_000, maxMs: 3_600_000, secure: false },
  passwords: new Passwords(),
  denials: { note: async () => undefined },
  peerOf: peerOf([]),
  admissions: new FairQueue({ atOnce: 4, waiting: 100, full: '' }),
  reports: new FairQueue({ atOnce: 4, waiting: 100, full: '' }),
};
