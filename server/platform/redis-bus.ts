import { randomUUID } from 'node:crypto';
import { BELLS, createLocalBus, type Bell, type BusState, type OwnedBus } from './bus.ts';
import type { Logger } from './log.ts';
import { connectRedis, type RedisConnection } from './redis-connection.ts';
import type { RedisTarget } from './redis-url.ts';

/** What goes over the channel, with the sender's id behind it. Beats show that the way there and back is open. */
type Message = Bell | 'beat';

const CHANNEL = 'operations-center:bells';

export interface RedisBusOptions {
  target: RedisTarget;
  logger: Logger;
  /** This often a server says that it is there, milliseconds. */
  beatMs?: number;
  /** After so long without any message the connection is taken for half-open and made anew, milliseconds. */
  silenceMs?: number;
}

/**
 * The bells for several servers, by Redis' publish and subscribe. Whatever Redis does, the server's own ring is heard
 * by the server itself at once, nothing here throws, and nothing waits for Redis. That is enough because a message
 * that is lost costs the others no more than the time to the next poll.
 */
export class RedisBus implements OwnedBus {
  readonly #local = createLocalBus();
  readonly #id = randomUUID();
  readonly #logger: Logger;
  readonly #silenceMs: number;
  readonly #publisher: RedisConnection;
  /** A connection that subscribes can do nothing else. */
  readonly #subscriber: RedisConnection;
  readonly #timers: NodeJS.Timeout[];
  #closed = false;
  /** One message is under way. */
  #sending = false;
  /** What is said next: rings of a bell that come meanwhile are one. */
  readonly #next = new Set<Message>();
  /** The last message was taken by Redis. */
  #sent = false;
  /** When anything was last heard on this connection, by the monotonic clock. */
  #heardAt: number | undefined;
  #listeningSince = performance.now();
  /** Told in the log, which says so once for each outage and not for each attempt. */
  #outage = false;

  constructor({ target, logger, beatMs = 5000, silenceMs = 15_000 }: RedisBusOptions) {
    this.#logger = logger;
    this.#silenceMs = silenceMs;
    this.#publisher = this.#connect(target);
    this.#subscriber = this.#connect(target);
    this.#publisher.on('ready', () => void this.#send('beat'));
    this.#publisher.on('close', () => (this.#sent = false));
    this.#subscriber.on('ready', () => void this.#subscribe());
    this.#subscriber.on('close', () => (this.#heardAt = undefined));
    this.#subscriber.on('message', (_channel: string, message: string) => this.#hear(message));
    this.#timers = [
      setInterval(() => void this.#send('beat'), beatMs).unref(),
      setInterval(() => this.#watch(), silenceMs / 10).unref(),
    ];
  }

  ring(bell: Bell = 'log'): void {
    this.#local.ring(bell);
    void this.#send(bell);
  }

  onRing(listener: () => void, bell: Bell = 'log'): () => void {
    return this.#local.onRing(listener, bell);
  }

  /** `ok` as long as what servers say is taken and heard, this one's own beats among them. */
  state(): BusState {
    const heard = this.#heardAt !== undefined && performance.now() - this.#heardAt <= this.#silenceMs;
    return this.#sent && heard ? 'ok' : 'degraded';
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#publisher.disconnect();
    this.#subscriber.disconnect();
    await this.#local.close();
  }

  #connect(target: RedisTarget): RedisConnection {
    const connection = connectRedis(target);
    connection.on('error', (error: Error) => this.#failed(error));
    connection.on('close', () => this.#failed(new Error('The connection was closed.')));
    return connection;
  }

  /** Never rejects. */
  async #send(message: Message): Promise<void> {
    this.#next.add(message);
    if (this.#sending) return;
    this.#sending = true;
    for (const next of this.#next) {
      if (this.#closed) break;
      this.#next.delete(next);
      try {
        await this.#publisher.publish(CHANNEL, `${next} ${this.#id}`);
        this.#sent = true;
        this.#recovered();
      } catch (error) {
        this.#sent = false;
        this.#failed(error);
      }
    }
    this.#sending = false;
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#subscriber.subscribe(CHANNEL);
    } catch (error) {
      // The watch makes the connection anew.
      this.#failed(error);
      return;
    }
    // Rings may have been missed.
    for (const bell of BELLS) this.#local.ring(bell);
    await this.#send('beat');
  }

  #hear(message: string): void {
    this.#heardAt = performance.now();
    this.#recovered();
    const [what, from] = message.split(' ');
    const bell = BELLS.find((known) => known === what);
    if (bell && from !== this.#id) this.#local.ring(bell);
  }

  /** A connection whose other end is frozen or unplugged looks open for ever. */
  #watch(): void {
    const now = performance.now();
    if (now - Math.max(this.#heardAt ?? 0, this.#listeningSince) <= this.#silenceMs) return;
    this.#listeningSince = now;
    this.#failed(new Error(`Nothing was heard for ${this.#silenceMs / 1000} s.`));
    for (const connection of [this.#publisher, this.#subscriber]) {
      // Any other one is on its way already.
      if (connection.status === 'ready' || connection.status === 'connect') connection.disconnect(true);
    }
  }

  #failed(error: unknown): void {
    if (this.#outage || this.#closed) return;
    this.#outage = true;
    // The message alone: the error of a refused login has the password in it.
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn({ reason }, 'Redis is away; until it is back, news of other servers comes by the poll');
  }

  #recovered(): void {
    if (!this.#outage || this.state() !== 'ok') return;
    this.#outage = false;
    this.#logger.info('Redis is back');
  }
}
