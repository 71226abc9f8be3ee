import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { proxyList } from './http/peer.ts';
import { parseRedisUrl, RedisUrlError, type RedisTarget } from './platform/redis-url.ts';

/** Who may explore the API: ask for its schema, be told what was meant by a wrong name, and open GraphiQL. */
const INTROSPECTION = ['authenticated', 'on', 'off'] as const;
export type Introspection = (typeof INTROSPECTION)[number];

/** What the server is told by its environment. Times are milliseconds, sizes bytes. */
export interface Config {
  host: string;
  port: number;
  /** False: whoever reaches it may do everything, and only this machine does. */
  authentication: boolean;
  /** Origins under which it is reached from outside, such as `https://oc.example.com`. */
  publicUrls: readonly string[];
  sessions: { idleMs: number; maxMs: number };
  dataDir: string;
  databaseUrl: string | undefined;
  /** By which several servers on one database tell each other of news. */
  redis: RedisTarget | undefined;
  logLevel: string;
  systemName: string;
  /** How long a primary's word holds without being renewed. */
  leaseMs: number;
  /** How long a manager's credential holds; managers renew it at two thirds. */
  credentialMs: number;
  maxBodyBytes: number;
  /** Connections that one address, or the 64 bits of IPv6 that are given out together, may hold at once. */
  connectionsPerAddress: number;
  /** Addresses and networks of proxies whose word on where a request comes from is believed. */
  trustedProxies: readonly string[];
  /** Certificate (with those that vouch for it) and key, PEM; undefined: plain HTTP. */
  tls: { cert: string; key: string } | undefined;
  introspection: Introspection;
  /** How much of the event log, and so of the histories shown, is kept; and for how long what has ended. */
  retention: { maxAgeMs: number; maxEvents: number; endedMs: number };
}

const LOOPBACK = ['127.0.0.1', '::1', 'localhost'];

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Origins, between commas. */
function originsOf(text: string, context: z.RefinementCtx): string[] {
  return text.split(',').map((part) => {
    const url = part.trim();
    const { origin, href, protocol } = URL.canParse(url)
      ? new URL(url)
      : { origin: '', href: '', protocol: '' };
    if (href === `${origin}/` && /^https?:$/.test(protocol)) return origin;
    context.addIssue({
      code: 'custom',
      message: 'must be like https://oc.example.com, several between commas',
    });
    return z.NEVER;
  });
}

function redisTarget(text: string, context: z.RefinementCtx): RedisTarget {
  try {
    return parseRedisUrl(text);
  } catch (error) {
    if (!(error instanceof RedisUrlError)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
}

/** The texts of two files that belong together. */
function readTls(
  { TLS_CERT, TLS_KEY }: { TLS_CERT?: string | undefined; TLS_KEY?: string | undefined },
  context: z.RefinementCtx,
): Config['tls'] {
  if (TLS_CERT === undefined && TLS_KEY === undefined) return undefined;
  const complain = (variable: string, message: string) => {
    context.addIssue({ code: 'custom', path: [variable], message });
    return undefined;
  };
  if (TLS_CERT === undefined) return complain('TLS_CERT', 'is needed with TLS_KEY');
  if (TLS_KEY === undefined) return complain('TLS_KEY', 'is needed with TLS_CERT');
  const read = (variable: string, path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      return complain(variable, `cannot be read: ${(error as Error).message}`);
    }
  };
  const cert = read('TLS_CERT', TLS_CERT);
  const key = read('TLS_KEY', TLS_KEY);
  if (cert === undefined || key === undefined) return undefined;
  try {
    createSecureContext({ cert, key });
    return { cert, key };
  } catch (error) {
    return complain('TLS_CERT', `and TLS_KEY cannot be used together: ${(error as Error).message}`);
  }
}

function proxies(text: string, context: z.RefinementCtx): string[] {
  const entries = text.split(',').map((entry) => entry.trim());
  try {
    proxyList(entries);
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `${(error as Error).message}, such as 10.0.0.1 or 10.0.0.0/8`,
    });
  }
  return entries;
}

const environment = z
  .object({
    HOST: z.string().min(1).default('127.0.0.1'),
    AUTH: z.enum(['on', 'off'], { error: 'must be on or off' }).default('on'),
    PUBLIC_URL: z.string().transform(originsOf).default([]),
    SESSION_IDLE_HOURS: z.coerce
      .number('must be a number')
      .min(0.001, 'must be at least 0.001')
      .max(8760, 'must be at most 8760')
      .default(12),
    SESSION_MAX_HOURS: z.coerce
      .number('must be a number')
      .min(0.1, 'must be at least 0.1')
      .max(8760, 'must be at most 8760')
      .default(168),
    PORT: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(0, 'must be at least 0')
      .max(65_535, 'must be at most 65535')
      .default(4000),
    DATA_DIR: z.string().min(1, 'must not be empty').default('./data'),
    DATABASE_URL: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres:// or postgresql://')
      .refine((url) => URL.canParse(url), 'is no URL (in a password, write / as %2F)')
      .optional(),
    REDIS_URL: z.string().transform(redisTarget).optional(),
    LOG_LEVEL: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }).default('info'),
    SYSTEM_NAME: z.string().trim().min(1).max(100).default('System'),
    LEASE_SECONDS: z.coerce
      .number('must be a number')
      .min(0.5, 'must be at least 0.5')
      .max(3600, 'must be at most 3600')
      .default(10),
    CREDENTIAL_HOURS: z.coerce
      .number('must be a number')
      .min(0.0005, 'must be at least 0.0005')
      .max(8784, 'must be at most 8784, a year')
      .default(24),
    MAX_BODY_BYTES: z.coerce
      .number('must be a number')
      .int()
      .min(1024)
      .default(1024 * 1024),
    ADDRESS_CONNECTIONS: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .default(4096),
    TLS_CERT: z.string().optional(),
    TLS_KEY: z.string().optional(),
    TRUSTED_PROXIES: z.string().transform(proxies).default([]),
    INTROSPECTION: z
      .enum(INTROSPECTION, { error: `must be one of ${INTROSPECTION.join(', ')}` })
      .default('authenticated'),
    EVENTS_MAX_AGE_DAYS: z.coerce
      .number('must be a number')
      .min(1 / 24, 'must be at least an hour, 0.042')
      .max(36_500, 'must be at most 36500')
      .default(30),
    EVENTS_MAX_COUNT: z.coerce
      .number('must be a number')
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .default(1_000_000),
    ENDED_MAX_AGE_DAYS: z.coerce
      .number('must be a number')
      .min(1, 'must be at least 1')
      .max(36_500, 'must be at most 36500')
      .default(90),
  })
  .refine(({ AUTH, HOST }) => AUTH === 'on' || LOOPBACK.includes(HOST), {
    path: ['AUTH'],
    error:
      'off is for HOST=127.0.0.1, ::1 or localhost only: everybody who reaches the OC may then do everything',
  })
  .transform((env, context): Config => ({
    host: env.HOST,
    authentication: env.AUTH === 'on',
    publicUrls: env.PUBLIC_URL,
    sessions: { idleMs: env.SESSION_IDLE_HOURS * 3_600_000, maxMs: env.SESSION_MAX_HOURS * 3_600_000 },
    port: env.PORT,
    dataDir: env.DATA_DIR,
    databaseUrl: env.DATABASE_URL,
    redis: env.REDIS_URL,
    logLevel: env.LOG_LEVEL,
    systemName: env.SYSTEM_NAME,
    credentialMs: env.CREDENTIAL_HOURS * 3_600_000,
    leaseMs: env.LEASE_SECONDS * 1000,
    maxBodyBytes: env.MAX_BODY_BYTES,
    connectionsPerAddress: env.ADDRESS_CONNECTIONS,
    tls: readTls(env, context),
    trustedProxies: env.TRUSTED_PROXIES,
    introspection: env.INTROSPECTION,
    retention: {
      maxAgeMs: env.EVENTS_MAX_AGE_DAYS * 86_400_000,
      maxEvents: env.EVENTS_MAX_COUNT,
      endedMs: env.ENDED_MAX_AGE_DAYS * 86_400_000,
    },
  }));

/** The environment is wrong; `problems` has a line for each thing that is. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/**
 * Reads the configuration; an empty variable counts as unset.
 * @throws ConfigError with every problem at once.
 */
export function readConfig(env: Record<string, string | undefined>): Config {
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = environment.safeParse(set);
  if (result.success) return result.data;
  throw new ConfigError(result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
}
