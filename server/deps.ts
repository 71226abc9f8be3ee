import type { PrismaClient } from './platform/generated/prisma/client.ts';
import type { Bus } from './platform/bus.ts';
import type { Clock } from './platform/clock.ts';
import type { ReadJson } from './platform/database/read-json.ts';
import type { Logger } from './platform/log.ts';
import type { Tail } from './platform/tail.ts';
import type { FairQueue } from './platform/fair-queue.ts';
import type { MetricFeed } from './metric/feed.ts';
import type { MembershipSink } from './manager/membership.ts';
import type { RenewalSink } from './manager/renewals.ts';
import type { DeliverySink } from './operation/delivery.ts';
import type { Denials } from './access/audit/denials.ts';
import type { Authenticate } from './access/authenticate.ts';
import type { Passwords } from './access/password.ts';
import type { SessionSettings } from './access/session.ts';
import type { PeerOf } from './http/peer.ts';

/** What every service stands on. */
export interface Deps {
  prisma: PrismaClient;
  readJson: ReadJson;
  bus: Bus;
  clock: Clock;
  logger: Logger;
  tail: Tail;
  membershipWriter: MembershipSink;
  renewals: RenewalSink;
  deliveries: DeliverySink;
  authenticate: Authenticate;
  /** False: AUTH=off. */
  authentication: boolean;
  sessions: SessionSettings;
  passwords: Passwords;
  denials: Pick<Denials, 'note'>;
  peerOf: PeerOf;
  /** Of managers that register, by cluster. */
  admissions: FairQueue;
  /** Of what managers say of commands, by cluster. */
  reports: FairQueue;
  metrics: Pick<MetricFeed, 'position' | 'next'>;
  leaseMs: number;
  /** How long a manager's credential holds. */
  credentialMs: number;
  /**
   * Nobody is declared lost, and no lease passes to another, before this moment: this server, or one that took over
   * from another, has just begun, and those who were connected need time to come back. It moves.
   */
  readonly graceUntil: Date;
}
