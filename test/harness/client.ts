import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { PATIENCE_MS } from './until.ts';

export interface GraphQLFault {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; field?: string; [more: string]: unknown };
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are asserted on, not programmed against
export type Answer = { status: number; data: any; errors?: GraphQLFault[] };

/** A client of the OC's API as anyone could write it. */
export class Client {
  readonly url: string;
  readonly credential: string | undefined;

  constructor(url: string, credential?: string) {
    this.url = url;
    this.credential = credential;
  }

  as(credential: string): Client {
    return new Client(this.url, credential);
  }

  /** By which it is known on every request. */
  get headers(): Record<string, string> {
    return this.credential ? { authorization: `Bearer ${this.credential}` } : {};
  }

  /** Sees each answer as it came. */
  protected received(_response: Response): void {}

  async send(query: string, variables: object = {}): Promise<Answer> {
    const response = await fetch(`${this.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...this.headers },
      body: JSON.stringify({ query, variables }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    this.received(response);
    return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
  }

  /** The data; fails the test when there is an error. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async data(query: string, variables: object = {}): Promise<any> {
    const { data, errors } = await this.send(query, variables);
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** The one error that is expected. */
  async fault(query: string, variables: object = {}): Promise<GraphQLFault> {
    const { data, errors } = await this.send(query, variables);
    if (errors?.length !== 1) throw new Error(`One error was expected: ${JSON.stringify({ data, errors })}`);
    return errors[0]!;
  }

  subscribe(query: string, variables: Record<string, unknown> = {}): Subscription {
    return new Subscription(this, query, variables);
  }
}

/** A subscription over graphql-ws that keeps all it is told. */
export class Subscription {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly events: any[] = [];
  readonly errors: GraphQLFault[] = [];
  ended = false;
  readonly close: () => void;

  constructor({ url, credential, headers }: Client, query: string, variables: Record<string, unknown>) {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocol: string) {
          // As a browser does: a socket with a cookie comes from a page.
          super(address, protocol, credential ? {} : { headers, origin: url });
        }
      },
      retryAttempts: 0,
      ...(credential && { connectionParams: { authorization: `Bearer ${credential}` } }),
    });
    client.subscribe(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors) this.errors.push(...(errors as unknown as GraphQLFault[]));
          const [field] = Object.values(data ?? {});
          if (field) this.events.push(field);
        },
        error: (error) => {
          if (Array.isArray(error)) this.errors.push(...(error as GraphQLFault[]));
          this.ended = true;
        },
        complete: () => (this.ended = true),
      },
    );
    this.close = () => void Promise.resolve(client.dispose()).catch(() => undefined);
  }
}
