import { expect, it } from 'vitest';
import { createLogger } from './log.ts';

it('lines tell no secret, wherever it stands, and stay whole', () => {
  const lines: string[] = [];
  const log = createLogger('trace', { write: (line) => lines.push(line) });
  const secret = 'S3cr3t/"x';
  const plain = 'S3cr3t-x';
  const token = `oce_${'S3cr3t'.repeat(7)}`;
  const request = { headers: { authorization: `Bearer ${secret}`, Cookie: secret, 'set-cookie': secret } };
  log.info(
    { password: secret, request, deep: { down: { here: { apiKey: secret, enrolmentToken: secret } } } },
    'a',
  );
  log.warn({ err: new Error(`connect postgresql://oc:${plain}@db:5432/oc failed, password=${plain}`) }, 'b');
  log.error(
    { err: Object.assign(new Error('c'), { cause: { secret }, config: { DB_PASSWORD: secret } }) },
    `sent {"query":"{ login(password: \\"${plain}\\") }","variables":${JSON.stringify({ credential: secret })}}`,
  );
  log.info({ body: JSON.stringify({ token: plain, nested: JSON.stringify({ passphrase: plain }) }) }, 'd');
  log.info(`redis://:${plain}@cache and rediss://user:${plain}@cache; authorization: Bearer ${plain}`);
  log.info(`registered with ${token} and ocm_${token}, cookie: session=${plain}`);
  log.info({ url: `/graphql?token=${plain}&x=1` }, `Authorization: Basic ${plain}`);
  expect(lines.join('')).not.toContain('S3cr3t');
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) });
  expect(lines[1]).toContain('postgresql://oc:[secret]@db:5432/oc failed');
});

it('what is no secret stays as it is', () => {
  const lines: string[] = [];
  const log = createLogger('info', { write: (line) => lines.push(line) });
  const said = { tokens: 3, credentialHash: 'abc', url: 'http://127.0.0.1:4000/x', at: 'a@b', passed: true };
  log.info(said, 'the credential has ended: another one was given out');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...said,
    msg: 'the credential has ended: another one was given out',
  });
});
