import type { Caller } from '../access/principal.ts';
import type { Deps } from '../deps.ts';
import type { Denial } from './denials.ts';

/** What a resolver sees of the request it serves. */
export interface Context extends Caller {
  deps: Deps;
  /** Of this server, as the client calls it: `https://oc.example.org`. */
  origin: string;
  /** Puts a `Set-Cookie` header onto the answer; not over a WebSocket, whose answers have none. */
  setCookie?: ((cookie: string) => void) | undefined;
  /** Takes what is refused, where the answer may be for several who ask; otherwise it is noted of who asks. */
  denied?: Denial[] | undefined;
  /** Ends the connection in a moment, whether the client takes the rest of the answer or not. */
  hangUp?: (() => void) | undefined;
}
