export const ROLES = ['VIEWER', 'OPERATOR', 'ADMINISTRATOR'] as const;
/** Each has the rights of those before it. */
export type Role = (typeof ROLES)[number];

export interface Label {
  key: string;
  value: string;
}

/** The clusters that have one of the names, and those that have all of the labels. */
export interface ClusterChoice {
  names: string[];
  labels: Label[];
}

export interface ChoosableCluster {
  name: string;
  labels: readonly Label[];
}

/** Whether the choice takes the cluster: by one of the names, or by all of the labels. Null takes each. */
export function concerns(choice: ClusterChoice | null, { name, labels }: ChoosableCluster): boolean {
  if (choice === null || choice.names.includes(name)) return true;
  const has = (wanted: Label) =>
    labels.some(({ key, value }) => key === wanted.key && value === wanted.value);
  return choice.labels.length > 0 && choice.labels.every(has);
}

/** What one may do, and where: over the whole system, or over clusters chosen by name or label. */
export interface Grant {
  role: Role;
  clusters: null | ClusterChoice;
}

const rank = (role: Role): number => ROLES.indexOf(role);

/** Whether a grant of `held` gives the rights of `wanted`. */
const gives = (held: Role, wanted: Role): boolean => rank(held) >= rank(wanted);

/** Whether the grants give the role over any cluster at all. */
export const hasRole = (grants: readonly Grant[], role: Role): boolean =>
  grants.some((grant) => gives(grant.role, role));

/** Whether the grants give the role over the whole system, clusters that are yet to come among it. */
export const hasRoleOverAll = (grants: readonly Grant[], role: Role): boolean =>
  grants.some((grant) => grant.clusters === null && gives(grant.role, role));

/** Over which clusters the grants give the role: null is all of them, an empty list none. */
export function clustersWith(grants: readonly Grant[], role: Role): ClusterChoice[] | null {
  const chosen: ClusterChoice[] = [];
  for (const grant of grants) {
    if (!gives(grant.role, role)) continue;
    if (grant.clusters === null) return null;
    chosen.push(grant.clusters);
  }
  return chosen;
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The one form of all grants that give the same: sorted, nothing twice, and without what another one gives as well over
 * the whole system. Whoever has the same canonical grants is shown the same.
 */
export function canonicalGrants(grants: readonly Grant[]): Grant[] {
  const overAll = [...ROLES].reverse().find((role) => hasRoleOverAll(grants, role));
  const forms = new Map<string, Grant>();
  if (overAll) forms.set('', { role: overAll, clusters: null });
  for (const { role, clusters } of grants) {
    if (clusters === null || (overAll && gives(overAll, role))) continue;
    const labels = new Map(
      clusters.labels.map(({ key, value }) => [JSON.stringify([key, value]), { key, value }]),
    );
    const grant: Grant = {
      role,
      clusters: {
        names: [...new Set(clusters.names)].sort(byText),
        labels: [...labels].sort(([a], [b]) => byText(a, b)).map(([, label]) => label),
      },
    };
    forms.set(JSON.stringify(grant), grant);
  }
  return [...forms].sort(([a], [b]) => byText(a, b)).map(([, grant]) => grant);
}

/** What gives everything. */
export const EVERYTHING: readonly Grant[] = [{ role: 'ADMINISTRATOR', clusters: null }];
