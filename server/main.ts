import { readConfig } from './config.ts';
import { openDatabase } from './platform/database/database.ts';
import { createLogger } from './platform/log.ts';

try {
  const config = readConfig(process.env);
  const logger = createLogger(config.logLevel);
  // The API is loaded while the database opens: each takes half a second.
  const [database, { createApp }] = await Promise.all([
    openDatabase({ databaseUrl: config.databaseUrl, dataDir: config.dataDir, log: logger }),
    import('./app.ts'),
  ]);
  const app = await createApp({ config, database, logger });
  if (app.welcomeUrl) {
    // The link is for whoever sits here; logs go further.
    logger.warn('nobody can log in yet: the link that makes the first administrator is on standard output');
    console.log(`Become its first administrator: ${app.welcomeUrl}`);
  }
  console.log(`Operations Center is ready on ${app.url}`);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void app.close().then(
        () => process.exit(0),
        (error: unknown) => {
          logger.error({ err: error }, 'could not stop cleanly');
          process.exit(1);
        },
      );
    });
  }
} catch (error) {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  console.error(
    code === 'EADDRINUSE' ? `Port ${port} is taken. Set PORT to a free one (0 picks one).` : message,
  );
  process.exit(1);
}
