import type { Api } from './api.ts';
import type { Output } from './output.ts';

/** What every command works with. */
export interface Means {
  api: Api;
  output: Output;
}
