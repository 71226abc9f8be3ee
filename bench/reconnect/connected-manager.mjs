import { setTimeout as delay } from 'node:timers/promises';
import WebSocket from 'ws';
import { backoff } from '../manager.mjs';

const COMMANDS = 'subscription ($epoch: Int!) { commandIssued(epoch: $epoch) { id status abortRequested } }';

/**
 * Keeps a manager connected as a real one is: renews its lease at its pace and holds a socket open for its commands.
 * When either breaks it tries again after a wait that grows.
 */
export class ConnectedManager {
  #manager;
  #url;
  /** Of the last renewal that was answered, `performance.now()`. */
  #renewedAt = 0;
  /** When the line for commands was opened; undefined: it is not open. */
  #openedAt;

  constructor(url, manager) {
    this.#url = url;
    this.#manager = manager;
    void this.#keepLease();
    void this.#keepLine();
  }

  /** Whether its line and its last renewal are both younger than that moment. */
  isBackSince(moment) {
    return this.#openedAt !== undefined && this.#openedAt > moment && this.#renewedAt > moment;
  }

  async #keepLease() {
    // Spread over the period, so that many managers do not all speak at once.
    await delay(Math.random() * this.#manager.renewEveryMs);
    for (let attempt = 0; ;) {
      try {
        await this.#manager.renew();
        this.#renewedAt = performance.now();
        attempt = 0;
        await delay(this.#manager.renewEveryMs);
      } catch {
        // Not more seldom than when all is well.
        await backoff(attempt++, this.#manager.renewEveryMs);
      }
    }
  }

  async #keepLine() {
    for (let attempt = 0; ; attempt++) {
      await this.#line(() => (attempt = 0));
      this.#openedAt = undefined;
      await backoff(attempt);
    }
  }

  /** Resolves when the line has ended, whatever the reason. */
  #line(opened) {
    const { credential, epoch } = this.#manager;
    return new Promise((resolve) => {
      const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
        perMessageDeflate: false,
      });
      const tell = (message) => socket.send(JSON.stringify(message));
      socket.on('open', () =>
        tell({ type: 'connection_init', payload: { authorization: `Bearer ${credential}` } }),
      );
      socket.on('message', (data) => {
        const { type } = JSON.parse(data);
        if (type === 'connection_ack') {
          tell({ id: '1', type: 'subscribe', payload: { query: COMMANDS, variables: { epoch } } });
          // Answered in order: the pong says that the server has taken the subscription in.
          tell({ type: 'ping' });
        } else if (type === 'pong') {
          this.#openedAt = performance.now();
          opened();
        } else if (type === 'error' || type === 'complete') socket.close();
      });
      socket.on('error', () => undefined);
      socket.on('close', resolve);
    });
  }
}
