import type { FieldNode, GraphQLResolveInfo, SelectionSetNode } from 'graphql';

/**
 * The names of the fields that are selected of what a field answers, or of what lies at a path of fields below it,
 * through fragments; `@skip` is not looked at.
 */
export function selectedFields(
  { fieldNodes, fragments }: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>,
  ...path: readonly string[]
): Set<string> {
  const fieldsOf = (set: SelectionSetNode | undefined): FieldNode[] =>
    (set?.selections ?? []).flatMap((selection) => {
      if (selection.kind === 'Field') return [selection];
      if (selection.kind === 'InlineFragment') return fieldsOf(selection.selectionSet);
      return fieldsOf(fragments[selection.name.value]?.selectionSet);
    });
  let fields = fieldNodes.flatMap(({ selectionSet }) => fieldsOf(selectionSet));
  for (const step of path) {
    const at = fields.filter(({ name }) => name.value === step);
    fields = at.flatMap(({ selectionSet }) => fieldsOf(selectionSet));
  }
  return new Set(fields.map(({ name }) => name.value));
}

/** Whether of a connection nothing is selected for which its rows would have to be read. */
export const isCountOnly = (info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments'>): boolean => {
  const selected = selectedFields(info);
  return !selected.has('edges') && !selected.has('pageInfo');
};
