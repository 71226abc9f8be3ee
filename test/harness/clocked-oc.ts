import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp, type App } from '../../server/app.ts';
import { readConfig } from '../../server/config.ts';
import { openDatabase } from '../../server/platform/database/database.ts';
import type { Clock } from '../../server/platform/clock.ts';
import { createLogger } from '../../server/platform/log.ts';
import { createTestDatabase, type TestDatabase } from '../services/postgres.ts';
import { copyDataDir } from '../services/templates.ts';

/** An OC in this process, whose clock goes as any, and which a story sets. */
export interface ClockedOc extends Pick<App, 'url' | 'welcomeUrl'> {
  /** Its own; `ahead` of the machine's by so many milliseconds. */
  clock: Clock & { ahead: number };
  /** For what the story writes besides; it is removed at the end. */
  folder: string;
  stop(): Promise<void>;
}

/** @param env the server's settings besides where it listens and keeps its data. */
export async function startClocked(env: Record<string, string>): Promise<ClockedOc> {
  const folder = mkdtempSync(join(tmpdir(), 'oc-clocked-'));
  const dataDir = join(folder, 'oc');
  const clock = { ahead: 0, now: () => new Date(Date.now() + clock.ahead) };
  let database: TestDatabase | undefined;
  if (process.env['OC_TEST_DATABASE'] === 'postgres')
    database = await createTestDatabase(process.env['TEST_DATABASE_TEMPLATE']);
  else copyDataDir(dataDir);
  const config = readConfig({
    ...env,
    ...{ PORT: '0', DATA_DIR: dataDir },
    ...(database && { DATABASE_URL: database.url }),
  });
  const logger = createLogger('silent');
  const { databaseUrl } = config;
  const opened = await openDatabase({ databaseUrl, dataDir, log: logger });
  const app = await createApp({ config, logger, clock, database: opened });
  return {
    url: app.url,
    welcomeUrl: app.welcomeUrl,
    clock,
    folder,
    stop: async () => {
      await app.close();
      await database?.drop();
      rmSync(folder, { recursive: true });
    },
  };
}
