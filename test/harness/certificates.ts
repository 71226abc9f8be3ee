import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Certificates {
  ca: string;
  cert: string;
  key: string;
}

/** Files of a CA that was made just now, and of a certificate by it for this machine's loopback address. */
export function makeCertificates(folder: string): Certificates {
  mkdirSync(folder, { recursive: true });
  const path = (name: string) => join(folder, name);
  const openssl = (...args: string[]) =>
    execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
    '-keyout',
    path('ca.key'),
    '-out',
    path('ca.pem'),
  );
  openssl(
    'req',
    ...key,
    '-subj',
    '/CN=oc',
    '-keyout',
    path('oc.key'),
    '-out',
    path('oc.csr'),
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  );
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      path('oc.csr'),
      '-CA',
      path('ca.pem'),
      '-CAkey',
      path('ca.key'),
      '-CAcreateserial',
    ],
    ...['-days', '2', '-copy_extensions', 'copy', '-out', path('oc.pem')],
  );
  return { ca: path('ca.pem'), cert: path('oc.pem'), key: path('oc.key') };
}
