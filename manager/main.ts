import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { Agent } from './agent.ts';
import { ConfigError, readConfig, type ManagerConfig } from './config.ts';
import { ProcessDriver } from './drivers/process/driver.ts';
import { createLogger } from './log.ts';
import { packageRoot } from './package-root.ts';

const { version } = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as {
  version: string;
};

const { config: file } = new Command('manager')
  .description('Joins a cluster to the Operations Center and manages its nodes.')
  .requiredOption(
    '-c, --config <file>',
    'YAML file that says which OC, which cluster, and how its nodes are run',
  )
  .version(version)
  .parse()
  .opts<{ config: string }>();

const config = read(file);
const log = createLogger(config.manager.name, process.env['LOG_LEVEL'] || 'info');
process.on('uncaughtException', (error) => {
  // A full disk, most likely. What runs goes on; the next start takes it over from the state on disk.
  log.fatal({ err: error }, 'this manager cannot go on; the nodes keep running');
  process.exit(1);
});
try {
  const driver = new ProcessDriver(config.process, config.stateDir, log);
  const agent = new Agent({ config, driver, version, log, failed: () => process.exit(1) });
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log.info(`${signal}: stopping; once more ends at once`);
      void agent.stop(signal).then(() => process.exit(0));
    });
  }
  await agent.run();
} catch (error) {
  log.fatal((error as Error).message);
  process.exit(1);
}

function read(path: string): ManagerConfig {
  try {
    return readConfig(path, process.env);
  } catch (error) {
    console.error(
      error instanceof ConfigError ? error.message : `Cannot read ${path}: ${(error as Error).message}`,
    );
    process.exit(2);
  }
}
