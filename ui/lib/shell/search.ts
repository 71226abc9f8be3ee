import { PermissionParts } from '$lib/access/queries.ts';
import { graphql } from '$lib/kit/graphql.ts';

/** Everything the palette finds by a text, a handful of each. */
export const SearchEverything = graphql(
  `
    query SearchEverything($search: String!) {
      clusters(first: 6, filter: { search: $search }) {
        totalCount
        edges {
          node {
            id
            name
            status
            kind
            viewerCan {
              ...PermissionParts
            }
          }
        }
      }
      system {
        id
        nodes(first: 6, filter: { search: $search }) {
          totalCount
          edges {
            node {
              id
              name
              status
              cluster {
                id
                name
              }
            }
          }
        }
      }
      operations(first: 6, filter: { search: $search }) {
        totalCount
        edges {
          node {
            id
            kind
            mode
            status
            reason
          }
        }
      }
    }
  `,
  [PermissionParts],
);
