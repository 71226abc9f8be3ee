import type { Source } from 'graphql';
import { AppError } from '../platform/errors.ts';

/** Several times what the deepest document of the UI has, and far from what exhausts the stack of parser or validator. */
const MAX_DEPTH = 100;

const OPENING = new Set('{[('.split('').map((bracket) => bracket.charCodeAt(0)));
const CLOSING = new Set('}])'.split('').map((bracket) => bracket.charCodeAt(0)));

/**
 * Refuses a document that is nested too deep, before it is parsed: parsing is recursive. Brackets in texts count, too.
 * @throws AppError INVALID
 */
export function checkDepth(source: string | Source): void {
  const text = typeof source === 'string' ? source : source.body;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (CLOSING.has(char)) depth--;
    else if (OPENING.has(char) && ++depth > MAX_DEPTH) {
      throw new AppError('INVALID', `The document is nested deeper than ${MAX_DEPTH} levels.`);
    }
  }
}
