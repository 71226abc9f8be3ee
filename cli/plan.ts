import { createInterface } from 'node:readline/promises';
import type { ResultOf } from 'gql.tada';
import type { PlanOperation } from './plan-documents.ts';
import { printable, words } from './output.ts';

export type Plan = ResultOf<typeof PlanOperation>['plan'];
type Row = Plan['clusters']['edges'][number]['node'];

/** What would be done, as people read it. */
export function planLines(plan: Plan): string[] {
  const { clusters, waves } = plan;
  const gates = waves.map(
    ({ name, clusterCount, manualGate, soakSeconds }) =>
      `${name}: ${clusterCount}${manualGate ? ', when it is promoted' : ''}${soakSeconds ? `, then healthy for ${soakSeconds} s` : ''}`,
  );
  return [
    `${words(plan.kind)}${plan.mode === 'FORCED' ? ', forced' : ''}: ${plan.nodeCount} nodes of ${clusters.totalCount} clusters`,
    ...(plan.estimate
      ? [`It should take about ${plan.estimate.seconds} s, ${plan.estimate.p90Seconds} s when it is slow.`]
      : []),
    ...(waves.length > 1 ? [`waves: ${gates.map(printable).join(' → ')}`] : []),
    ...(plan.approvalsNeeded > 0 ? [`It needs the approval of ${plan.approvalsNeeded}.`] : []),
    ...plan.warnings.map((warning) => `! ${printable(warning)}`),
    ...clusters.edges.flatMap(({ node }) => clusterLines(node)),
    ...more(clusters.totalCount - clusters.edges.length, '  … and', 'clusters'),
  ];
}

function clusterLines({ cluster, batches, excluded, warnings }: Row): string[] {
  return [
    `  ${printable(cluster.name)}`,
    ...warnings.map((warning) => `    ! ${printable(warning)}`),
    ...batches.edges.map(({ node: { nodes } }, index) => {
      const names = nodes.edges.map(({ node }) => printable(node.name));
      return `    ${index + 1}. ${[...names, ...more(nodes.totalCount - names.length, '…', 'more')].join(', ')}`;
    }),
    ...more(batches.totalCount - batches.edges.length, '    … and', 'batches'),
    ...excluded.edges.map(({ node }) => `    left out: ${printable(node.name)}, ${printable(node.reason)}`),
    ...more(excluded.totalCount - excluded.edges.length, '    left out: …', 'more'),
  ];
}

const more = (count: number, before: string, what: string): string[] =>
  count > 0 ? [`${before} ${count} ${what}`] : [];

/** Whether the person at the terminal says yes. Where nobody sits at one: no. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const line = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await line.question(`${question} [y/N] `);
  line.close();
  return /^y(es)?$/i.test(answer.trim());
}
