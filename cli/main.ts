import { Command } from 'commander';
import { Api, Refusal, Unreachable } from './api.ts';
import { addActs } from './acts.ts';
import { addLists } from './lists.ts';
import type { Means } from './means.ts';
import { Output } from './output.ts';
import { addStarts } from './start.ts';

/**
 * `npm run oc -- …`: the Operations Center on the command line. It exits with 0 when all went well, 1 when the OC said
 * no, 2 when it was called wrongly, 3 when the operation that it followed did not succeed, 4 when there is no OC.
 */
const program = new Command('oc')
  .description('The Operations Center on the command line.')
  .option('--url <url>', 'the Operations Center (OC_URL)', process.env['OC_URL'] || 'http://127.0.0.1:4000')
  .option('--json', 'answers as JSON, one value a line')
  .addHelpText(
    'after',
    '\nThe API key is read from OC_API_KEY. Certificates of your own: NODE_EXTRA_CA_CERTS.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

const means = (): Means => {
  const { url, json } = program.opts<{ url: string; json?: boolean }>();
  if (!/^https?:\/\//.test(url))
    program.error(`error: '${url}' is no address: http://… or https://… is needed`);
  return {
    api: new Api(url.replace(/\/$/, ''), process.env['OC_API_KEY'] || undefined),
    output: new Output(json ?? false),
  };
};

addLists(program, means);
const operation = program.command('operation').description('plan, start, see and steer operations');
addStarts(operation, means);
addActs(operation, means);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof Refusal || error instanceof Unreachable)) throw error;
  console.error(error instanceof Refusal ? `${error.code}: ${error.message}` : error.message);
  process.exitCode = error instanceof Refusal ? 1 : 4;
}
