import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { createLogger } from './platform/log.ts';

try {
  const config = readConfig(process.env);
  const app = await createApp(config, createLogger(config.logLevel));
  console.log(`Operations Center is ready on ${app.url}`);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      void app.close().then(() => process.exit(0));
    });
  }
} catch (error) {
  const { code, message, port } = error as NodeJS.ErrnoException & { port?: number };
  console.error(
    code === 'EADDRINUSE' ? `Port ${port} is taken. Set PORT to a free one (0 picks one).` : message,
  );
  process.exit(1);
}
