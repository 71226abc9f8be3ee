import type { StreamState } from './resume.ts';

/** Without a word for so long (ms) the data counts as stale; the server sends a bookmark every five seconds. */
export const STALE_AFTER_MS = 12_000;

/** Live: current. Paused: by the operator. Reconnecting: the link broke just now. Stale: nothing heard for too long. */
export type Freshness = 'connecting' | 'live' | 'paused' | 'reconnecting' | 'stale';

/** How current the page is: the one place that the pill, the banner and the dimming read. Times are epoch ms. */
class Connection {
  stream = $state.raw<StreamState>({ phase: 'connecting' });
  /** When the server was last heard, by this browser's clock. */
  heardAt = $state<number>();
  /** When what is on screen was last known to be current: frozen while paused. */
  currentAt = $state<number>();
  paused = $state(false);
  /** Entities that changed while paused. */
  pending = $state(0);
  /** Server's clock minus this browser's, ms. */
  skewMs = $state(0);
  /** Queries may begin: the stream is open, or it is known not to be. */
  ready = $state(false);
  /** Grows when what pages hold can no longer be patched and has to be fetched again. */
  generation = $state(0);
  /** Ticks while the page is open, so that ages grow; epoch ms. */
  now = $state(Date.now());

  freshness: Freshness = $derived.by(() => {
    if (this.heardAt === undefined) return this.stream.phase === 'waiting' ? 'reconnecting' : 'connecting';
    if (this.now - this.heardAt >= STALE_AFTER_MS) return 'stale';
    if (this.stream.phase !== 'open') return 'reconnecting';
    return this.paused ? 'paused' : 'live';
  });

  /** The server's time now, epoch ms: ages are told by its clock, nobody else's. */
  get serverNow(): number {
    return this.now + this.skewMs;
  }

  /** Notes that the server said something; `serverTime` is its clock then, ISO 8601. */
  heard(serverTime?: string): void {
    const now = Date.now();
    this.now = Math.max(this.now, now);
    this.heardAt = now;
    if (!this.paused) this.currentAt = now;
    if (serverTime === undefined) return;
    const skew = Date.parse(serverTime) - now;
    // Below a second it is the way here, not the clocks.
    this.skewMs = Math.abs(skew) < 1_000 ? 0 : skew;
  }

  /** Starts the ticking; returns how to stop it. */
  tick(): () => void {
    const timer = setInterval(() => (this.now = Date.now()), 1_000);
    return () => clearInterval(timer);
  }
}

export const connection = new Connection();
