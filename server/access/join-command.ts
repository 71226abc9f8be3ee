import type { Label } from './grants.ts';

const CA_HINT = "\n# ca: ca.pem   # where a CA of your own has signed the OC's certificate";

/**
 * What joins a cluster to the OC at `origin`, ready to copy: a manager's configuration, here of three small web
 * servers, written to a file, and the command that starts the manager with it.
 */
export function joinCommand(
  origin: string,
  token: string,
  { clusterName, labels }: { clusterName: string | null; labels: readonly Label[] },
): string {
  // JSON is YAML, and has no line of its own that could end the text for the shell.
  const text = JSON.stringify;
  const told = labels.map(({ key, value }) => `${text(key)}: ${text(value)}`).join(', ');
  return `cat > cluster.yaml <<'YAML'
operationsCenter: ${text(origin)}${origin.startsWith('https:') ? CA_HINT : ''}
token: ${token}
cluster: { name: ${text(clusterName ?? 'my-cluster')}${told && `, labels: { ${told} }`} }
process:
  command: [node, -e, "require('http').createServer((q,r)=>r.end('ok')).listen(process.env.PORT,'127.0.0.1')"]
  count: 3
  port: 4801
  env: { PORT: "{port}" }
  health: { url: "http://127.0.0.1:{port}/" }
YAML
npm run manager -- --config cluster.yaml`;
}
