import WebSocket from 'ws';
import type { Oc } from './oc.ts';

/**
 * Bytes that an OC holds in memory after everything is collected that it does not need: what it keeps, not what its
 * collector has not got to yet. The OC was started with `inspect`.
 */
export async function bytesHeld(oc: Oc): Promise<number> {
  const [url] = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(oc.program.output) ?? [];
  if (!url) throw new Error('The OC was started without `inspect`.');
  const inspector = new WebSocket(url);
  await new Promise((resolve, reject) => inspector.once('open', resolve).once('error', reject));
  const ask = (method: string, params: object = {}) => {
    inspector.send(JSON.stringify({ id: 1, method, params }));
    return new Promise<string>((resolve) =>
      inspector.once('message', (data: Buffer) => resolve(data.toString())),
    );
  };
  try {
    await ask('HeapProfiler.collectGarbage');
    const expression = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const answer = JSON.parse(await ask('Runtime.evaluate', { expression })) as {
      result: { result: { value: number } };
    };
    return answer.result.result.value;
  } finally {
    inspector.close();
  }
}
