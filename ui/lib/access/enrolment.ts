import { mutate, type Outcome } from '$lib/kit/client.ts';
import { graphql } from '$lib/kit/graphql.ts';

const CreateEnrolmentToken = graphql(`
  mutation CreateEnrolmentToken($input: CreateEnrolmentTokenInput!) {
    createEnrolmentToken(input: $input) {
      token
      expiresAt
    }
  }
`);

/** Lets one manager join. `expiresAt` is ISO 8601. */
export interface EnrolmentToken {
  token: string;
  expiresAt: string;
}

const KEY = 'oc.enrolmentToken';

/** The token of this browser tab: the one it made before while that is valid, else a new one for one use in an hour. */
export async function enrolmentToken(now: number): Promise<Outcome<EnrolmentToken>> {
  const kept = keptToken(now);
  if (kept) return { data: kept };
  const outcome = await mutate(CreateEnrolmentToken, { input: { uses: 1, expiresInSeconds: 3600 } });
  if (outcome.problem) return outcome;
  const made = outcome.data.createEnrolmentToken;
  sessionStorage.setItem(KEY, JSON.stringify(made));
  return { data: made };
}

/** Forgets the token, because it was used or a new one is wanted. */
export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}

function keptToken(now: number): EnrolmentToken | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    if (typeof kept !== 'object' || kept === null || !('token' in kept) || !('expiresAt' in kept))
      return undefined;
    const { token, expiresAt } = kept;
    if (typeof token !== 'string' || typeof expiresAt !== 'string' || Date.parse(expiresAt) <= now)
      return undefined;
    return { token, expiresAt };
  } catch {
    return undefined;
  }
}

/** The command that joins a first cluster of three small processes to the Operations Center at `origin`. */
export function joinCommand(origin: string, token: string): string {
  return `cat > cluster.yaml <<'YAML'
operationsCenter: ${origin}
token: ${token}
cluster: { name: my-cluster }
process:
  command: [node, -e, "require('http').createServer((q,r)=>r.end('ok')).listen(process.env.PORT,'127.0.0.1')"]
  count: 3
  port: 4801
  env: { PORT: "{port}" }
  health: { url: "http://127.0.0.1:{port}/" }
YAML
npm run manager -- --config cluster.yaml`;
}
