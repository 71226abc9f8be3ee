import { randomBytes } from 'node:crypto';
import type { Answer, Client, GraphQLFault, Subscription } from './client.ts';

/** A manager's side of the protocol, message by message, for stories about the protocol itself. */
export class WireManager {
  readonly client: Client;
  readonly clusterId: string;
  epoch: number;
  sequence = 0;

  private constructor(client: Client, clusterId: string, epoch: number) {
    this.client = client;
    this.clusterId = clusterId;
    this.epoch = epoch;
  }

  /** What a manager makes itself before it asks for anything. */
  static credential(): string {
    return `ocm_${randomBytes(32).toString('base64url')}`;
  }

  static async token(operator: Client, input: object = {}): Promise<string> {
    const { createEnrolmentToken } = await operator.data(
      'mutation ($input: CreateEnrolmentTokenInput!) { createEnrolmentToken(input: $input) { token } }',
      { input },
    );
    return createEnrolmentToken.token;
  }

  /** @param input with a credential of its own where the story is not about that. */
  static register(client: Client, input: object): Promise<Answer> {
    return client.send(
      `mutation ($input: RegisterManagerInput!) {
        registerManager(input: $input) {
          clusterId managerId
          lease { role epoch durationMs renewEveryMs primaryName membershipSequence snapshotWanted }
        }
      }`,
      { input: { credential: WireManager.credential(), ...input } },
    );
  }

  /** A manager that has joined a cluster of that name. */
  static async join(
    operator: Client,
    cluster: string,
    manager = `${cluster}-m1`,
    kind = 'process',
    labels: { key: string; value: string }[] = [],
    givenToken?: string,
  ): Promise<WireManager> {
    const token = givenToken ?? (await WireManager.token(operator));
    const credential = WireManager.credential();
    const answer = await WireManager.register(operator, {
      credential,
      token,
      cluster: { name: cluster, kind, labels },
      manager: { name: manager, version: '1' },
    });
    if (answer.errors) throw new Error(JSON.stringify(answer.errors));
    const { clusterId, lease } = answer.data.registerManager;
    return new WireManager(operator.as(credential), clusterId, lease.epoch);
  }

  /** The same manager as it goes on by another server. */
  through(server: Client): WireManager {
    const moved = new WireManager(server.as(this.client.credential!), this.clusterId, this.epoch);
    moved.sequence = this.sequence;
    return moved;
  }

  /** The same manager with another credential. */
  with(credential: string): WireManager {
    const renewed = new WireManager(this.client.as(credential), this.clusterId, this.epoch);
    renewed.sequence = this.sequence;
    return renewed;
  }

  report(input: object): Promise<Answer> {
    return this.client.send(
      'mutation ($input: ReportMembershipInput!) { reportMembership(input: $input) { applied sequence } }',
      { input: { epoch: this.epoch, ...input } },
    );
  }

  async snapshot(nodes: object[], left: object[] = []): Promise<void> {
    await this.#applied(this.report({ kind: 'SNAPSHOT', sequence: ++this.sequence, nodes, left }));
  }

  async delta(nodes: object[], left: object[] = []): Promise<void> {
    await this.#applied(this.report({ kind: 'DELTA', sequence: ++this.sequence, nodes, left }));
  }

  async fault(input: object): Promise<GraphQLFault> {
    const { errors, data } = await this.report(input);
    if (!errors?.[0]) throw new Error(`An error was expected: ${JSON.stringify(data)}`);
    return errors[0];
  }

  async renew(membershipDigest?: string) {
    const { renewLease } = await this.client.data(
      `mutation ($input: RenewLeaseInput!) {
        renewLease(input: $input) { lease { role epoch membershipSequence snapshotWanted primaryName } }
      }`,
      { input: { epoch: this.epoch, membershipSequence: this.sequence, membershipDigest } },
    );
    return renewLease.lease;
  }

  leave(): Promise<Answer> {
    return this.client.send('mutation ($input: LeaveInput!) { leave(input: $input) { left } }', {
      input: { epoch: this.epoch },
    });
  }

  commands(epoch = this.epoch): Subscription {
    return this.client.subscribe(
      `subscription ($epoch: Int!) {
        commandIssued(epoch: $epoch) {
          id kind mode abortRequested pauseRequested reportSequence allSteps { nodeName batch status skipRequested }
        }
      }`,
      { epoch },
    );
  }

  reportCommand(input: object): Promise<Answer> {
    return this.client.send(
      'mutation ($input: ReportCommandInput!) { reportCommand(input: $input) { applied sequence } }',
      { input: { epoch: this.epoch, ...input } },
    );
  }

  async #applied(answer: Promise<Answer>): Promise<void> {
    const { data, errors } = await answer;
    if (errors || !data.reportMembership.applied) throw new Error(JSON.stringify({ data, errors }));
  }
}

export const running = (...names: string[]) => names.map((name) => ({ name, status: 'RUNNING' }));
