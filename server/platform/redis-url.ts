/** What `REDIS_URL` means: one server, the master that sentinels know by a name, or a Redis Cluster. */
export interface RedisTarget {
  kind: 'single' | 'sentinel' | 'cluster';
  /** At least one: the server, the sentinels, or nodes of the cluster. */
  hosts: RedisHost[];
  /** Of the master, when there are sentinels; otherwise empty. */
  masterName: string;
  username: string | undefined;
  password: string | undefined;
  tls: boolean;
}

export interface RedisHost {
  host: string;
  port: number;
}

/** The text is no URL of a Redis. The message says why, and never repeats a password. */
export class RedisUrlError extends Error {
  override name = 'RedisUrlError';
}

const URL_PARTS =
  /^(?<scheme>rediss?)(?:\+(?<kind>sentinel|cluster))?:\/\/(?:(?<who>[^/]*)@)?(?<hosts>[^/?#@]*)(?:\/(?<path>[^?#]*))?$/;

/**
 * Reads `redis://host:port`, `redis+sentinel://host:port,host:port/master-name` or
 * `redis+cluster://host:port,host:port`; `rediss` instead of `redis` is TLS, `user:password@` goes before the hosts.
 * A database number after a single server is accepted and means nothing: a bell belongs to no database.
 * @throws RedisUrlError
 */
export function parseRedisUrl(text: string): RedisTarget {
  const parts = URL_PARTS.exec(text)?.groups;
  if (!parts) {
    throw new RedisUrlError(
      'must be redis://host:port, redis+sentinel://host:port,host:port/master-name or redis+cluster://host:port,host:port (rediss for TLS)',
    );
  }
  const kind = (parts['kind'] ?? 'single') as RedisTarget['kind'];
  const path = decode(parts['path'] ?? '');
  const hosts = parts['hosts']!.split(',').map((host) => parseHost(host, kind === 'sentinel' ? 26379 : 6379));
  if (kind === 'single' && hosts.length > 1) {
    throw new RedisUrlError('names several hosts: is it redis+sentinel:// or redis+cluster://?');
  }
  if (kind === 'sentinel' && path === '') {
    throw new RedisUrlError('must end with /master-name, by which the sentinels know the master');
  }
  if (kind === 'single' ? !/^\d*$/.test(path) : kind === 'cluster' && path !== '') {
    throw new RedisUrlError('must end after the host and port');
  }
  const [username = '', ...password] = (parts['who'] ?? '').split(':');
  return {
    kind,
    hosts,
    masterName: kind === 'sentinel' ? path : '',
    username: decode(username) || undefined,
    password: decode(password.join(':')) || undefined,
    tls: parts['scheme'] === 'rediss',
  };
}

function parseHost(text: string, defaultPort: number): RedisHost {
  const parts = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<host>[\w.-]+))(?::(?<port>\d{1,5}))?$/i.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? defaultPort);
  if (!parts || port < 1 || port > 65_535) {
    // Not repeated: it is a part of the password when that has a / in it.
    throw new RedisUrlError('has a host that is not host:port (in a password, write / as %2F)');
  }
  return { host: (parts['v6'] ?? parts['host'])!, port };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new RedisUrlError('has a % that is not followed by two hexadecimal digits: write it as %25');
  }
}
