import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pause, timeLimit } from '../../news.ts';

/** Undefined: healthy. Otherwise why not, in words. */
export type HealthResult = string | undefined;

export interface HealthOptions {
  intervalSeconds: number;
  timeoutSeconds: number;
}

/** Checks a health URL at its pace until the signal aborts. Each worker has its own, so that one that hangs holds none. */
export async function watchHealth(
  url: string,
  { intervalSeconds, timeoutSeconds }: HealthOptions,
  tell: (result: HealthResult) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const result = await checkHealth(url, timeoutSeconds, signal);
    if (signal.aborted) return;
    tell(result);
    await pause(intervalSeconds * 1000, signal);
  }
}

/** One check: any 2xx answer within the time is healthy. Never rejects. */
export function checkHealth(url: string, timeoutSeconds: number, signal: AbortSignal): Promise<HealthResult> {
  const limit = timeLimit(timeoutSeconds * 1000, signal);
  return new Promise<HealthResult>((resolve) => {
    const send = url.startsWith('https:') ? httpsRequest : httpRequest;
    // agent: false: a connection of its own each time, as a connection that is kept says nothing of a process that
    // does not accept any more.
    const request = send(url, { agent: false, signal: limit.signal });
    request.once('response', (response) => {
      const { statusCode = 0 } = response;
      resolve(statusCode >= 200 && statusCode < 300 ? undefined : `the health URL answered ${statusCode}`);
      request.destroy();
    });
    request.on('error', (error: NodeJS.ErrnoException) => {
      if (limit.expired()) resolve(`the health URL timed out after ${timeoutSeconds} s`);
      else if (error.code === 'ECONNREFUSED') resolve('the health URL refuses connections');
      else resolve(`the health URL failed: ${error.code ?? error.message}`);
    });
    request.end();
  }).finally(limit.done);
}
