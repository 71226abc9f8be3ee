import type { GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/** The names of the fields that are selected of what a field answers, through fragments; `@skip` is not looked at. */
export function selectedFields({
  fieldNodes,
  fragments,
}: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): Set<string> {
  const names = new Set<string>();
  const visit = (set: SelectionSetNode | undefined): void => {
    for (const selection of set?.selections ?? []) {
      if (selection.kind === 'Field') names.add(selection.name.value);
      else if (selection.kind === 'InlineFragment') visit(selection.selectionSet);
      else visit(fragments[selection.name.value]?.selectionSet);
    }
  };
  for (const { selectionSet } of fieldNodes) visit(selectionSet);
  return names;
}

/** Whether of a connection nothing is selected for which its rows would have to be read. */
export const isCountOnly = (info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): boolean => {
  const selected = selectedFields(info);
  return !selected.has('edges') && !selected.has('pageInfo');
};
