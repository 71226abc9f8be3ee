import { Agent as PlainAgent, request as plain } from 'node:http';
import { Agent as SecureAgent, request as secure } from 'node:https';
import type { IncomingMessage } from 'node:http';

/** Posts to one URL over connections that are kept. */
export class Poster {
  private readonly url: URL;
  private readonly agent: PlainAgent;

  /** @param ca certificates (PEM) that alone are trusted; null: those that the system trusts. */
  constructor(url: string, ca: string | null) {
    this.url = new URL(url);
    const kept = { keepAlive: true };
    this.agent =
      this.url.protocol === 'https:' ? new SecureAgent({ ...kept, ...(ca && { ca }) }) : new PlainAgent(kept);
  }

  /**
   * Resolves with the whole answer, whatever its status; a redirection is not followed.
   * @throws the connection's error, or the signal's.
   */
  async post(
    headers: Record<string, string>,
    body: string,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const answer = await this.send(headers, body, signal);
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += String(part);
    return { status: answer.statusCode!, text };
  }

  private send(headers: Record<string, string>, body: string, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const length = String(Buffer.byteLength(body));
      const options = {
        method: 'POST',
        agent: this.agent,
        signal,
        headers: { ...headers, 'content-length': length },
      };
      const sent = (this.url.protocol === 'https:' ? secure : plain)(this.url, options, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        // The other side closed a kept connection in the very moment in which it was used again: it has not read this.
        if (sent.reusedSocket && error.code === 'ECONNRESET') resolve(this.send(headers, body, signal));
        else reject(error);
      });
      sent.end(body);
    });
  }
}

/** Why a connection failed, in words. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { code?: string; message: string };
  if (code === undefined) return message;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `the OC's certificate is for another name (${message})`;
  if (code === 'CERT_HAS_EXPIRED') return 'the OC’s certificate has expired';
  if (/CERT|ISSUER|SIGNATURE/.test(code))
    return `the OC's certificate is not trusted (${code}): name the file of the CA that signed it in \`ca\` of the configuration`;
  if (code === 'EPROTO') return `the other side does not speak TLS (${message.trim().split('\n')[0]})`;
  return code;
}
