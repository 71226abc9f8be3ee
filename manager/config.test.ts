import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ConfigError, parseConfig } from './config.ts';
import { expandWorkers } from './drivers/process/config.ts';

const GOOD = `
operationsCenter: http://127.0.0.1:4000
token: oce_secret
cluster: { name: shop, labels: { env: demo, shard: 3 } }
process:
  command: [node, worker.mjs]
  count: 3
  name: web-{n}
  port: 4101
  zones: [a, b]
  env: { PORT: "{port}", WHO: "{name} in {zone}", JSON: '{"n":{n}}', SHELL_STYLE: "\${name}" }
  health: { url: "http://127.0.0.1:{port}/health" }
`;
const parse = (text: string, env = {}) => parseConfig(text, '/etc/oc/shop.yaml', env);
const problems = (text: string): readonly string[] => {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('the configuration', () => {
  it('needs ten lines for a first cluster, and has defaults for the rest', () => {
    const config = parse(GOOD);
    expect(config).toMatchObject({
      token: 'oce_secret',
      cluster: { name: 'shop', labels: { env: 'demo', shard: '3' } },
      manager: { name: `shop-${hostname()}`, url: null, consoleUrl: null },
      stateDir: '/etc/oc/.oc-manager/shop',
      onExit: 'stop',
      process: {
        cwd: '/etc/oc',
        drainSeconds: 10,
        restart: 'always',
        health: { intervalSeconds: 1, failures: 3 },
      },
    });
    expect(expandWorkers(config.process)[1]).toEqual({
      name: 'web-2',
      command: ['node', 'worker.mjs'],
      cwd: '/etc/oc',
      env: { PORT: '4102', WHO: 'web-2 in b', JSON: '{"n":2}', SHELL_STYLE: '${name}' },
      port: 4102,
      zone: 'b',
      healthUrl: 'http://127.0.0.1:4102/health',
      consoleUrl: null,
    });
  });

  it('takes the token from the environment where the file has none', () => {
    const without = GOOD.replace('token: oce_secret\n', '');
    expect(parse(without, { OC_TOKEN: 'oce_other' }).token).toBe('oce_other');
    expect(parse(without, { OC_TOKEN: '' }).token).toBeNull();
    expect(parse(GOOD, { OC_TOKEN: 'oce_other' }).token).toBe('oce_secret');
  });

  it('is refused with every problem at once, each with its place', () => {
    const text = `
operationsCenter: ftp://127.0.0.1
colour: red
cluster: { name: "" }
onExit: maybe
process:
  command: node worker.mjs
  count: 0
  restart: often
  helth: {}
`;
    expect(problems(text)).toEqual([
      'line 2: operationsCenter: must be an http or https URL',
      expect.stringMatching(/^line 4: cluster\.name: must consist of letters/),
      'line 5: onExit: must be stop or keep',
      'line 7: process.command: must be a list: program, argument, …',
      'line 8: process.count: must be at least 1',
      'line 9: process.restart: must be always or never',
      'line 10: process.helth: is not a setting here',
      'line 3: colour: is not a setting here',
    ]);
  });

  it('is refused when templates cannot be filled', () => {
    const text = GOOD.replace('  port: 4101\n', '')
      .replace('  zones: [a, b]\n', '')
      .replace('web-{n}', 'web');
    expect(problems(text)).toEqual([
      'line 9: process.env.PORT: uses {port}, and `port` is not set',
      'line 9: process.env.WHO: uses {zone}, and `zones` is not set',
      'line 10: process.health.url: uses {port}, and `port` is not set',
      'line 8: process.name: must contain {n}, so that the workers have different names',
    ]);
    expect(problems(GOOD.replace('  port: 4101', '  restart: 3')), 'along with what else is wrong').toEqual([
      'line 9: process.restart: must be always or never',
      'line 11: process.env.PORT: uses {port}, and `port` is not set',
      'line 12: process.health.url: uses {port}, and `port` is not set',
    ]);
    expect(problems(GOOD.replace('4101', '65534'))).toEqual([
      'line 9: process.port: with 3 workers the last port would be above 65535',
    ]);
    expect(problems(GOOD.replace('web-{n}', 'web-{port}-{n}'))).toEqual([
      'line 8: process.name: can use {n} only',
    ]);
  });

  it('names the lines of YAML that is none', () => {
    expect(problems('cluster: { name: shop\nprocess: [')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^line \d+: /)]),
    );
    expect(problems('')).toEqual(expect.arrayContaining(['cluster: is needed', 'process: is needed']));
    expect(problems('just text')).toHaveLength(1);
    expect(problems('cluster: {name: a}\ncluster: {name: b}')).toEqual(['line 2: Map keys must be unique']);
  });

  it('is refused where the OC would refuse what it says', () => {
    expect(problems(GOOD.replace('name: shop', `name: ${'x'.repeat(64 * 1024)}`))).not.toEqual([]);
    expect(problems(GOOD.replace('name: shop', 'name: "sh\\u0007op"'))).not.toEqual([]);
    expect(problems(GOOD.replace('process:', 'manager: { name: workers }\nprocess:'))).toEqual([
      'line 5: manager.name: must not be one of workers, drafts, epoch, journal.jsonl',
    ]);
  });
});
