import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { processSchema, type ProcessConfig } from './drivers/process/config.ts';
import { fileName } from './files.ts';
import { httpUrl, labels, name, text } from './rules.ts';

export interface ManagerConfig {
  operationsCenter: string;
  /** Certificates (PEM) that alone are trusted to vouch for the OC; null: those that the system trusts. */
  ca: string | null;
  /** Enrolment token; null when the manager has, or is to have, its credential already. */
  token: string | null;
  cluster: { name: string; labels: Record<string, string> };
  manager: { name: string; url: string | null; consoleUrl: string | null };
  /** Absolute. Shared by the managers of a cluster. */
  stateDir: string;
  /** What becomes of the workers when the manager is asked to stop. */
  onExit: 'stop' | 'keep';
  process: ProcessConfig;
}

/** The configuration is wrong; `problems` has a line for each thing that is. */
export class ConfigError extends Error {
  constructor(
    file: string,
    readonly problems: readonly string[],
  ) {
    super(`${file} is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** What the state folder holds beside the managers' own folders. */
const RESERVED = ['workers', 'drafts', 'epoch', 'journal.jsonl'];

const schema = z.strictObject({
  operationsCenter: httpUrl,
  ca: z.string().min(1, 'must not be empty').nullish(),
  token: text(200).min(1, 'must not be empty').nullish(),
  cluster: z.strictObject({ name, labels: labels.default({}) }),
  manager: z
    .strictObject({
      name: name
        .refine((value) => !RESERVED.includes(value), `must not be one of ${RESERVED.join(', ')}`)
        .optional(),
      url: httpUrl.nullish(),
      consoleUrl: httpUrl.nullish(),
    })
    .default({}),
  stateDir: z.string().min(1, 'must not be empty').optional(),
  onExit: z.enum(['stop', 'keep'], 'must be stop or keep').default('stop'),
  process: processSchema,
});

/**
 * Reads the configuration file. Relative paths in it start from its folder.
 *
 * @param env OC_TOKEN stands in for `token`; an empty variable counts as unset.
 * @throws ConfigError with every problem at once; Error when the file cannot be read.
 */
export function readConfig(file: string, env: Record<string, string | undefined>): ManagerConfig {
  return parseConfig(readFileSync(file, 'utf8'), resolve(file), env);
}

/** As `readConfig`, of a text that stands, or could stand, in `file`. */
export function parseConfig(
  source: string,
  file: string,
  env: Record<string, string | undefined> = {},
): ManagerConfig {
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new ConfigError(
      file,
      document.errors.map(({ message, pos }) => `line ${lines.linePos(pos[0]).line}: ${message}`),
    );
  }
  const result = schema.safeParse(document.toJS() ?? {}, {
    error: ({ input }) => (input === undefined ? 'is needed' : undefined),
  });
  if (!result.success)
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => tell(issue, document, lines)),
    );
  const { operationsCenter, ca, token, cluster, manager, stateDir, onExit, process } = result.data;
  const folder = dirname(file);
  const complain = (message: string) => new ConfigError(file, [at(['ca'], message, document, lines)]);
  if (ca && !operationsCenter.startsWith('https:')) throw complain('goes with an https URL only');
  return {
    operationsCenter,
    ca: ca ? certificatesIn(resolve(folder, ca), complain) : null,
    token: token ?? (env['OC_TOKEN'] || null),
    cluster,
    manager: {
      name: manager.name ?? `${cluster.name}-${hostname()}`,
      url: manager.url ?? null,
      consoleUrl: manager.consoleUrl ?? null,
    },
    stateDir: resolve(folder, stateDir ?? `.oc-manager/${fileName(cluster.name)}`),
    onExit,
    process: { ...process, cwd: resolve(folder, process.cwd) },
  };
}

/** The text of a file of certificates, once each of them could be read. */
function certificatesIn(path: string, complain: (message: string) => Error): string {
  try {
    const pem = readFileSync(path, 'utf8');
    const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
    if (!certificates) throw new Error('there is no certificate (PEM) in it');
    for (const certificate of certificates) new X509Certificate(certificate);
    return pem;
  } catch (error) {
    throw complain(`cannot be used: ${(error as Error).message}`);
  }
}

/** A problem with where it is: its path, and its line where the file has that path. */
function tell(
  { path, message, ...issue }: z.core.$ZodIssue,
  document: Document,
  lines: LineCounter,
): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => at([...path, key], 'is not a setting here', document, lines));
  }
  return [at(path, message, document, lines)];
}

function at(path: PropertyKey[], message: string, document: Document, lines: LineCounter): string {
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  const line = node?.range ? `line ${lines.linePos(node.range[0]).line}: ` : '';
  return `${line}${path.map(String).join('.') || 'the file'}: ${message}`;
}
