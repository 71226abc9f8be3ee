import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { until } from '../../test/harness/until.ts';
import { withoutAuthentication } from '../access/testing.ts';
import { createLogger } from '../platform/log.ts';
import { exportAudit } from './audit-export.ts';

/** A log that does not end. */
const prisma = {
  auditEntry: {
    findMany: async ({ take }: { take: number }) => {
      pages++;
      return Array.from({ length: take }, () => ({
        sequence: 1n,
        hash: 'x'.repeat(64),
        action: 'startOperation',
      }));
    },
  },
};
let pages = 0;
let ended: (() => void) | undefined;
let server: Server;
let url: string;

beforeAll(async () => {
  const deps = {
    ...withoutAuthentication,
    prisma: prisma as never,
    logger: createLogger('silent'),
    credentials: {
      watch: (_principal: unknown, end: () => void) => {
        ended = end;
        return () => (ended = undefined);
      },
    },
  };
  server = createServer((request, response) => void exportAudit(deps, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/audit.jsonl`;
});
beforeEach(() => (pages = 0));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

it('ends with the right to it, in the middle', async () => {
  const { body } = await fetch(url);
  const reader = body!.getReader();
  expect((await reader.read()).done).toBe(false);
  ended!();
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  await expect(rest()).rejects.toThrow();
  await until('nobody is watched any more', () => ended === undefined);
});

it('is not read for who asks what it would be', async () => {
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  expect(pages).toBe(1);
});
