/** One page of a connection. */
export interface Page<T> {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: { node: T }[];
}

const MOST = 200;

/** The first so many of a connection, page by page, and how many there are. */
export async function firstOf<T>(
  limit: number,
  ask: (page: { first: number; after: string | null }) => Promise<Page<T> | null>,
): Promise<{ rows: T[]; total: number }> {
  const rows: T[] = [];
  let after: string | null = null;
  for (;;) {
    const page: Page<T> | null = await ask({ first: Math.min(MOST, limit - rows.length), after });
    if (!page) return { rows, total: rows.length };
    rows.push(...page.edges.map(({ node }) => node));
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage || rows.length >= limit) return { rows, total: page.totalCount };
  }
}
