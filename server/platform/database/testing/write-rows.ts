// Opens the embedded database in the folder named by the first argument and writes rows, each in a transaction, until
// it is killed. Prints "open", and the number of rows after each one that was committed.
import { createLogger } from '../../log.ts';
import { openDatabase } from '../database.ts';

const dataDir = process.argv[2];
if (dataDir === undefined) throw new Error('usage: write-rows.ts DATA_DIR');
const { prisma } = await openDatabase({ dataDir, log: createLogger('error') });
console.log('open');
for (let count = 1; ; count++) {
  await prisma.$transaction(async (tx) => {
    await tx.system.create({ data: { id: `a${count}`, name: 'written' } });
    await tx.system.create({ data: { id: `b${count}`, name: 'written' } });
  });
  console.log(String(count));
}
