import { Lexer, Source, TokenKind } from 'graphql';
import { AppError } from '../platform/errors.ts';

/**
 * What a document may have at most: several times what the longest of the UI has. Each bounds what parser, validator
 * or executor do with it; how much it asks for is bounded by its cost.
 */
export const DOCUMENT_LIMITS = {
  characters: 64 * 1024,
  tokens: 2000,
  /** Brackets in brackets. */
  levels: 40,
  aliases: 50,
  directives: 50,
} as const;

/**
 * Refuses a document that is larger than any has reason to be. It is looked at once, from its beginning, and no
 * further than the first thing too many; nothing is built of it.
 * @throws AppError INVALID, with `limit` and `allowed`; or what the lexer finds wrong.
 */
export function checkDocument(source: string | Source): void {
  const text = typeof source === 'string' ? source : source.body;
  if (text.length > DOCUMENT_LIMITS.characters) throw tooMuch('characters');
  const lexer = new Lexer(new Source(text));
  const seen = { tokens: 0, aliases: 0, directives: 0 };
  const count = (what: keyof typeof seen): void => {
    if (++seen[what] > DOCUMENT_LIMITS[what]) throw tooMuch(what);
  };
  let level = 0;
  let parentheses = 0;
  for (let { kind } = lexer.advance(); kind !== TokenKind.EOF; { kind } = lexer.advance()) {
    count('tokens');
    if (kind === TokenKind.AT) count('directives');
    // Between parentheses a colon stands behind the name of an argument.
    else if (kind === TokenKind.COLON && parentheses === 0) count('aliases');
    else if (OPENING.has(kind) && ++level > DOCUMENT_LIMITS.levels) throw tooMuch('levels');
    else if (CLOSING.has(kind)) level--;
    if (kind === TokenKind.PAREN_L) parentheses++;
    else if (kind === TokenKind.PAREN_R) parentheses--;
  }
}

const OPENING: ReadonlySet<string> = new Set([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING: ReadonlySet<string> = new Set([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

function tooMuch(limit: keyof typeof DOCUMENT_LIMITS): AppError {
  const allowed = DOCUMENT_LIMITS[limit];
  const advice = limit === 'characters' ? ' Values belong into its variables.' : '';
  return new AppError('INVALID', `The document has more than ${allowed} ${limit}.${advice}`, {
    limit,
    allowed,
  });
}
