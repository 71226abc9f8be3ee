import type { OperationKind } from '../platform/generated/prisma/enums.ts';

/** One word for one act, as everywhere that people read of it. */
export const KIND_WORDS: Record<OperationKind, string> = {
  ROLLING_RESTART: 'Rolling restart',
  RESTART: 'Restart',
  SHUTDOWN: 'Shutdown',
  START: 'Start',
};

/** An operation by what it does and why: `Restart “a new certificate”`. */
export const titleOf = (kind: OperationKind, reason: string): string => `${KIND_WORDS[kind]} “${reason}”`;
