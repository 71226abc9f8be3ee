import type { Enum } from '$lib/kit/graphql.ts';
import type { Grant } from './queries.ts';

export type Role = Enum<'Role'>;
export const ROLES: readonly Role[] = ['VIEWER', 'OPERATOR', 'ADMINISTRATOR'];
export const ROLE_WORDS: Record<Role, string> = {
  VIEWER: 'viewer',
  OPERATOR: 'operator',
  ADMINISTRATOR: 'administrator',
};

/** What a role lets one do, in a line. */
export const ROLE_MEANINGS: Record<Role, string> = {
  VIEWER: 'sees everything there, changes nothing',
  OPERATOR: 'starts and aborts operations too',
  ADMINISTRATOR: 'over the whole system: manages people, keys and managers, reads the audit log',
};

/** Where a grant holds: `the whole system`, `all clusters with zone=a`, `clusters shop, search, and all with env=prod`. */
export function scopeWords({ clusters }: Pick<Grant, 'clusters'>): string {
  if (!clusters) return 'the whole system';
  const labels = clusters.labels.map(({ key, value }) => `${key}=${value}`).join(', ');
  if (clusters.names.length === 0) return `all clusters with ${labels}`;
  const named = clusters.names.join(', ');
  if (labels) return `clusters ${named}, and all with ${labels}`;
  return `${clusters.names.length === 1 ? 'cluster' : 'clusters'} ${named}`;
}

/** A grant in words: `operator of the whole system`. */
export const grantWords = (grant: Grant): string => `${ROLE_WORDS[grant.role]} of ${scopeWords(grant)}`;

/** Which clusters, as it is written in a form. */
export interface ChoiceDraft {
  everywhere: boolean;
  /** Cluster names with commas between them. */
  names: string;
  /** Labels with commas between them: `env=prod, zone=a`. */
  labels: string;
}

/** A grant as it is written in a form. */
export interface GrantDraft extends ChoiceDraft {
  role: Role;
}

export const draftOf = ({ role, clusters }: Grant): GrantDraft => ({
  role,
  everywhere: clusters === null,
  names: (clusters?.names ?? []).join(', '),
  labels: (clusters?.labels ?? []).map(({ key, value }) => `${key}=${value}`).join(', '),
});

export const newGrant = (): GrantDraft => ({ role: 'VIEWER', everywhere: true, names: '', labels: '' });

export const namesIn = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);

export const labelsIn = (text: string): { key: string; value: string }[] =>
  namesIn(text).map((part) => {
    const [key = '', ...value] = part.split('=');
    return { key: key.trim(), value: value.join('=').trim() };
  });

/** What is wrong with the text of labels. */
export function wrongLabels(text: string): string | undefined {
  const wrong = namesIn(text).find((part) => !/^[^=]+=.+$/.test(part));
  return wrong === undefined ? undefined : `“${wrong}” is no label: write key=value.`;
}

/** What keeps a draft from being a choice of clusters. */
export function wrongChoice({ everywhere, names, labels }: ChoiceDraft): string | undefined {
  if (everywhere) return undefined;
  if (namesIn(names).length + namesIn(labels).length === 0) return 'Name clusters or labels.';
  return wrongLabels(labels);
}

/** The choice as the API takes it; null: the whole system. */
export const choiceInput = ({ everywhere, names, labels }: ChoiceDraft) =>
  everywhere ? null : { names: namesIn(names), labels: labelsIn(labels) };

/** The draft as the API takes it. */
export const grantInput = (draft: GrantDraft) => ({ role: draft.role, clusters: choiceInput(draft) });
