import WebSocket from 'ws';
import { graphql } from '../http.mjs';

const COMMANDS = `subscription ($epoch: Int!) {
  commandIssued(epoch: $epoch) { id status reportSequence allSteps { nodeName status } }
}`;
const REPORT = `mutation ($input: ReportCommandInput!) { reportCommand(input: $input) { applied sequence } }`;

/** A manager whose nodes exist on the wire only: what it is told to do it has done at once. */
export class SimulatedManager {
  #url;
  #manager;
  #sequence = new Map();
  #socket;
  /** What is done with a command; by default it succeeds, all steps in one report. */
  act = (command) => this.succeed(command);

  constructor(url, manager) {
    this.#url = url;
    this.#manager = manager;
  }

  /** Resolves when its commands would reach it. */
  connect() {
    const { credential, epoch } = this.#manager;
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${this.#url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
        perMessageDeflate: false,
      });
      this.#socket = socket;
      const tell = (message) => socket.send(JSON.stringify(message));
      socket.on('open', () =>
        tell({ type: 'connection_init', payload: { authorization: `Bearer ${credential}` } }),
      );
      socket.on('message', (data) => {
        const { type, payload } = JSON.parse(data);
        if (type === 'connection_ack') {
          tell({ id: '1', type: 'subscribe', payload: { query: COMMANDS, variables: { epoch } } });
          // Answered in order: the pong says that the server has taken the subscription in.
          tell({ type: 'ping' });
        } else if (type === 'pong') resolve();
        else if (type === 'next' && payload.data) void this.act(payload.data.commandIssued);
      });
      socket.on('error', reject);
    });
  }

  succeed({ id, allSteps }) {
    return this.report(id, {
      status: 'SUCCEEDED',
      steps: allSteps.map(({ nodeName }) => ({ nodeName, status: 'SUCCEEDED', instanceAfter: 'simulated' })),
    });
  }

  async report(commandId, more) {
    const { credential, epoch } = this.#manager;
    const sequence = (this.#sequence.get(commandId) ?? 0) + 1;
    this.#sequence.set(commandId, sequence);
    await graphql(this.#url, REPORT, { input: { commandId, epoch, sequence, ...more } }, credential);
  }

  close() {
    this.#socket?.terminate();
  }
}
