import { Command, InvalidArgumentError } from 'commander';
import type { Head } from './access/audit/chain.ts';
import { verifyAudit } from './access/audit/verify.ts';
import { readConfig } from './config.ts';
import { openDatabase } from './platform/database/database.ts';
import { createLogger } from './platform/log.ts';

function anchor(text: string, earlier: Head[]): Head[] {
  const [, entries, hash] = /^(\d{1,18}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (entries === undefined || hash === undefined)
    throw new InvalidArgumentError('It is ENTRIES:HASH, as in the log.');
  return [...earlier, { entries: BigInt(entries), hash }];
}

const { anchor: anchors } = new Command('audit:verify')
  .description(
    'Follows the audit log from its first entry to its head and says whether anything was changed, moved or removed. ' +
      'It reads the database that DATABASE_URL or DATA_DIR names; an embedded one only while no server runs on it.',
  )
  .option('-a, --anchor <entries:hash>', 'a head that was written down before; may be repeated', anchor, [])
  .parse()
  .opts<{ anchor: Head[] }>();

try {
  const config = readConfig(process.env);
  const log = createLogger('warn');
  const { databaseUrl, dataDir } = config;
  const database = await openDatabase({ databaseUrl, dataDir, log, readOnly: true });
  try {
    const { head, problem } = await verifyAudit(database.prisma, { anchors });
    if (problem) {
      console.error(`The audit log is broken: ${problem}. It holds up to ${head.entries}:${head.hash}.`);
      process.exitCode = 1;
    } else {
      console.log(`The audit log holds: ${head.entries} entries. Its head is ${head.entries}:${head.hash}`);
    }
  } finally {
    await database.close();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
