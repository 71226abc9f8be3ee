/** The codes of `extensions.code`, and NETWORK for a server that cannot be reached. */
export type ProblemCode =
  | 'NOT_FOUND'
  | 'INVALID'
  | 'CONFLICT'
  | 'FORBIDDEN'
  | 'UNAUTHENTICATED'
  | 'UNAVAILABLE'
  | 'RESYNC_REQUIRED'
  | 'UNEXPECTED'
  | 'NETWORK';

/** What went wrong, for people: shown where it happened. `field` is the input's path when the server named one. */
export interface Problem {
  code: ProblemCode;
  message: string;
  field?: string;
  /** Of an outdated plan: what is other by now, in sentences. */
  differences?: readonly string[];
}

const CODES: ReadonlySet<string> = new Set<ProblemCode>([
  'NOT_FOUND',
  'INVALID',
  'CONFLICT',
  'FORBIDDEN',
  'UNAUTHENTICATED',
  'UNAVAILABLE',
  'RESYNC_REQUIRED',
  'UNEXPECTED',
]);

interface GraphQLErrorLike {
  message: string;
  extensions?: Record<string, unknown> | undefined;
}

/** The first GraphQL error as a Problem; a code that is not ours counts as UNEXPECTED. */
export function problemFromErrors(errors: readonly GraphQLErrorLike[]): Problem {
  const error = errors[0];
  if (!error) return { code: 'UNEXPECTED', message: 'The server answered without a result.' };
  const code = error.extensions?.code;
  const field = error.extensions?.field;
  const differences = error.extensions?.differences;
  return {
    code: typeof code === 'string' && CODES.has(code) ? (code as ProblemCode) : 'UNEXPECTED',
    message: error.message,
    ...(typeof field === 'string' ? { field } : {}),
    ...(Array.isArray(differences) ? { differences: differences.map(String) } : {}),
  };
}

/** An error of the transport as a Problem. */
export function networkProblem(): Problem {
  return { code: 'NETWORK', message: 'The Operations Center cannot be reached.' };
}

/** Whether the same request may succeed a little later without being changed. */
export function isPassing(problem: Problem): boolean {
  return problem.code === 'NETWORK' || problem.code === 'UNAVAILABLE' || problem.code === 'UNEXPECTED';
}

/** What the server says of one field of the input, to stand beside it: without the field's path. */
export function saidOf(problem: Problem | undefined, field: string): string | undefined {
  return problem?.field === field ? problem.message.replace(`${field}: `, '') : undefined;
}

/** What the server says of the field whose path ends so. */
export const saidAtEnd = (problem: Problem | undefined, name: string): string | undefined =>
  problem?.field?.endsWith(`.${name}`) ? problem.message : undefined;
