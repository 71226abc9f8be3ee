import WebSocket from 'ws';
import type { Oc } from './oc.ts';

/**
 * Bytes that an OC holds in memory after everything is collected that it does not need: what it keeps, not what its
 * collector has not got to yet. The memory of WebAssembly, which is the embedded database's and grows with what is
 * stored, is left out. The OC was started with `inspect`.
 */
export async function bytesHeld(oc: Oc): Promise<number> {
  const [url] = /ws:\/\/127\.0\.0\.1:\d+\/[0-9a-f-]+/.exec(oc.program.output) ?? [];
  if (!url) throw new Error('The OC was started without `inspect`.');
  const inspector = new WebSocket(url);
  await new Promise((resolve, reject) => inspector.once('open', resolve).once('error', reject));
  const ask = async (method: string, params: object = {}): Promise<Result> => {
    inspector.send(JSON.stringify({ id: 1, method, params }));
    const answer = await new Promise<string>((resolve) =>
      inspector.once('message', (data: Buffer) => resolve(data.toString())),
    );
    return (JSON.parse(answer) as { result: Result }).result;
  };
  try {
    await ask('HeapProfiler.collectGarbage');
    const usage = 'process.memoryUsage().heapUsed + process.memoryUsage().external';
    const all = await ask('Runtime.evaluate', { expression: usage });
    const { result: prototype } = await ask('Runtime.evaluate', {
      expression: 'WebAssembly.Memory.prototype',
    });
    const memories = await ask('Runtime.queryObjects', { prototypeObjectId: prototype?.objectId });
    const ofDatabase = await ask('Runtime.callFunctionOn', {
      objectId: memories.objects?.objectId,
      functionDeclaration:
        'function () { return this.reduce((sum, { buffer }) => sum + buffer.byteLength, 0); }',
    });
    return all.result!.value! - ofDatabase.result!.value!;
  } finally {
    inspector.close();
  }
}

/** Of what the inspector answers, what is used here. */
interface Result {
  result?: { value?: number; objectId?: string };
  objects?: { objectId: string };
}
