import type { ClusterChoice } from '../../access/grants.ts';
import { visibilityOf } from '../../access/visibility.ts';
import type { Context } from '../../graphql/context.ts';
import { batched } from '../../graphql/loader.ts';
import { choiceOf } from './choice.ts';

const isSeen = batched<boolean>(async (names, { prisma }, _args, { principal }) => {
  const rows = await prisma.cluster.findMany({
    where: { name: { in: [...names] }, AND: visibilityOf(principal).clusters },
    select: { name: true },
  });
  return new Map(rows.map(({ name }) => [name, true]));
}, false);

/** The choice of a row, without names that are not for who asks. */
export async function shownChoice(
  row: { clusters: unknown },
  context: Context,
): Promise<ClusterChoice | null> {
  const choice = choiceOf(row);
  if (!choice || visibilityOf(context.principal).all) return choice;
  const seen = await Promise.all(choice.names.map((name) => isSeen(context, name)));
  return { ...choice, names: choice.names.filter((_, index) => seen[index]) };
}
