import { z } from 'zod';
import { parseRedisUrl, RedisUrlError, type RedisTarget } from './platform/redis-url.ts';

/** Who may explore the API: ask for its schema, be told what was meant by a wrong name, and open GraphiQL. */
const INTROSPECTION = ['authenticated', 'on', 'off'] as const;
export type Introspection = (typeof INTROSPECTION)[number];

/** What the server is told by its environment. Times are milliseconds, sizes bytes. */
export interface Config {
  host: string;
  port: number;
  dataDir: string;
  databaseUrl: string | undefined;
  /** By which several servers on one database tell each other of news. */
  redis: RedisTarget | undefined;
  logLevel: string;
  systemName: string;
  /** How long a primary's word holds without being renewed. */
  leaseMs: number;
  maxBodyBytes: number;
  /** Origins under which it is reached from outside, such as `https://oc.example.com`. */
  publicUrls: readonly string[];
  introspection: Introspection;
  /** How much of the event log, and so of the histories shown, is kept. */
  retention: { maxAgeMs: number; maxEvents: number };
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

const environment = z
  .object({
    HOST: z
      .enum(LOOPBACK, {
        error:
          'must be 127.0.0.1, ::1 or localhost: there are no accounts yet, so the OC serves its own machine only',
      })
      .default('127.0.0.1'),
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
    MAX_BODY_BYTES: z.coerce
      .number('must be a number')
      .int()
      .min(1024)
      .default(1024 * 1024),
    PUBLIC_URL: z.string().transform(originsOf).default([]),
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
  })
  .transform((env): Config => ({
    host: env.HOST,
    port: env.PORT,
    dataDir: env.DATA_DIR,
    databaseUrl: env.DATABASE_URL,
    redis: env.REDIS_URL,
    logLevel: env.LOG_LEVEL,
    systemName: env.SYSTEM_NAME,
    leaseMs: env.LEASE_SECONDS * 1000,
    maxBodyBytes: env.MAX_BODY_BYTES,
    publicUrls: env.PUBLIC_URL,
    introspection: env.INTROSPECTION,
    retention: { maxAgeMs: env.EVENTS_MAX_AGE_DAYS * 86_400_000, maxEvents: env.EVENTS_MAX_COUNT },
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
