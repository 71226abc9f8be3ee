import { z } from 'zod';
import { httpUrl, isHttpUrl, isName, labels, scalar, text } from '../../rules.ts';

const seconds = (max: number) =>
  z.number('must be a number').min(0.05, 'must be at least 0.05').max(max, `must be at most ${max}`);
const optionalText = text(200).nullish();

const healthSchema = z.strictObject({
  url: z.string('must be a text').min(1),
  intervalSeconds: seconds(3600).default(1),
  timeoutSeconds: seconds(3600).default(2),
  /** Failed checks in a row after which a healthy worker counts as UNHEALTHY. */
  failures: z
    .int('must be a whole number')
    .min(1, 'must be at least 1')
    .max(1000, 'must be at most 1000')
    .default(3),
});

const base = z.strictObject(
  {
    command: z
      .array(z.string('must be a text'), 'must be a list: program, argument, …')
      .min(1, 'must name a program'),
    count: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(1000, 'must be at most 1000')
      .default(1),
    name: z.string('must be a text').default('worker-{n}'),
    cwd: z.string().min(1, 'must not be empty').default('.'),
    env: z.record(z.string(), scalar).default({}),
    port: z
      .int('must be a whole number')
      .min(1, 'must be at least 1')
      .max(65_535, 'must be at most 65535')
      .optional(),
    zones: z
      .array(text(200).min(1, 'must not be empty'), 'must be a list')
      .min(1, 'must not be empty')
      .optional(),
    role: optionalText,
    version: optionalText.or(z.number().transform(String)),
    labels: labels.default({}),
    consoleUrl: z.string().nullish(),
    health: healthSchema.nullish(),
    drainSeconds: z
      .number('must be a number')
      .min(0, 'must be at least 0')
      .max(86_400, 'must be at most 86400')
      .default(10),
    restart: z.enum(['always', 'never'], 'must be always or never').default('always'),
  },
  {
    error: ({ code, input }) =>
      code === 'invalid_type' && input !== undefined ? 'must have at least a `command`' : undefined,
  },
);

/** The check of templates needs these to be of the right type; what is wrong with others does not put it off. */
const USED_BY_TEMPLATES = new Set<PropertyKey | undefined>([
  'command',
  'count',
  'name',
  'cwd',
  'env',
  'port',
  'zones',
  'consoleUrl',
  'health',
  undefined,
]);

/** `process:` in the configuration: worker processes on this machine. */
export const processSchema = base.superRefine(
  (config, context) => {
    const problem = (path: PropertyKey[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    for (const [path, template] of templatesOf(config)) {
      if (template.includes('{port}') && config.port === undefined)
        problem(path, 'uses {port}, and `port` is not set');
      if (template.includes('{zone}') && !config.zones) problem(path, 'uses {zone}, and `zones` is not set');
    }
    if (/\{(name|port|zone)\}/.test(config.name)) problem(['name'], 'can use {n} only');
    else if (config.count > 1 && !config.name.includes('{n}')) {
      problem(['name'], 'must contain {n}, so that the workers have different names');
    }
    const sample = { n: config.count, name: '', port: config.port ?? 0, zone: '' };
    if (!isName(fill(config.name, sample))) {
      problem(
        ['name'],
        'must give names of at most 100 letters, digits and " . _ : / @ + -", beginning and ending with a letter or digit',
      );
    }
    for (const [path, url] of [
      [['health', 'url'], config.health?.url],
      [['consoleUrl'], config.consoleUrl],
    ] as const) {
      const filled = url && fill(url, { ...sample, name: 'name', zone: 'zone', port: config.port ?? 1 });
      if (filled && !(isHttpUrl(filled) && httpUrl.safeParse(filled).success)) {
        problem([...path], 'must be an http or https URL');
      }
    }
    if (config.port !== undefined && config.port + config.count - 1 > 65_535) {
      problem(['port'], `with ${config.count} workers the last port would be above 65535`);
    }
  },
  { when: ({ issues }) => !issues.some(({ path }) => USED_BY_TEMPLATES.has(path?.[0])) },
);

export type ProcessConfig = z.output<typeof base>;

/** What one worker is started with. */
export interface WorkerSpec {
  name: string;
  command: string[];
  cwd: string;
  env: Record<string, string>;
  port: number | null;
  zone: string | null;
  healthUrl: string | null;
  consoleUrl: string | null;
}

/** The workers that the config asks for, with all templates filled in. */
export function expandWorkers(config: ProcessConfig): WorkerSpec[] {
  return Array.from({ length: config.count }, (_, index) => {
    const n = index + 1;
    const port = config.port === undefined ? null : config.port + index;
    const zone = config.zones?.[index % config.zones.length] ?? null;
    const values = { n, port: port ?? '', zone: zone ?? '', name: '' };
    values.name = fill(config.name, values);
    const filled = (template: string) => fill(template, values);
    return {
      name: values.name,
      command: config.command.map(filled),
      cwd: filled(config.cwd),
      env: Object.fromEntries(Object.entries(config.env).map(([key, value]) => [key, filled(value)])),
      port,
      zone,
      healthUrl: config.health ? filled(config.health.url) : null,
      consoleUrl: config.consoleUrl ? filled(config.consoleUrl) : null,
    };
  });
}

type Values = Record<'n' | 'name' | 'port' | 'zone', string | number>;

/** Other braces stay: a command or a variable may hold JSON or a shell's `${…}`. */
const fill = (template: string, values: Values): string =>
  template.replace(/(?<!\$)\{(n|name|port|zone)\}/g, (_, key: keyof Values) => String(values[key]));

function templatesOf(config: z.output<typeof base>): [PropertyKey[], string][] {
  return [
    ...config.command.map((template, index): [PropertyKey[], string] => [['command', index], template]),
    ...Object.entries(config.env).map(([key, template]): [PropertyKey[], string] => [['env', key], template]),
    [['cwd'], config.cwd],
    ...(config.health ? [[['health', 'url'], config.health.url] as [PropertyKey[], string]] : []),
    ...(config.consoleUrl ? [[['consoleUrl'], config.consoleUrl] as [PropertyKey[], string]] : []),
  ];
}
