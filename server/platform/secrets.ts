/** Names of fields that hold a secret, in whatever case; `authorization` and cookies carry one. */
const NAMES =
  'pass(?:word|phrase)|secret|token|credential|authorization|(?:set-)?cookie|api-?key|private-?key';

/** What stands in the place of a secret. */
const HIDDEN = '[secret]';

/** Each: what to keep before the secret, and the secret. */
const SECRETS: readonly RegExp[] = [
  // A field of JSON, and one of JSON in a text.
  new RegExp(String.raw`("[\w-]{0,40}(?:${NAMES})"\s*:\s*")(?:[^"\\]|\\.)+`, 'gi'),
  new RegExp(String.raw`((\\+)"[\w-]{0,40}(?:${NAMES})\2"\s*:\s*\2")(?:(?!(?<!\\)\2").)+`, 'gi'),
  // A header, a variable of the environment, an argument in a document.
  new RegExp(
    String.raw`(\b[\w-]{0,40}(?:${NAMES})\s*[:=]\s*\\*["']?)(?:(?:bearer|basic)\s+)?[^\s"'\\,;)}]+`,
    'gi',
  ),
  /(\bbearer\s+)[^\s"'\\,;]+/gi,
  // `user:password@` of a URL.
  /(\b[a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@"\\]*:)[^\s/@"\\]+(?=@)/gi,
  // Tokens and credentials of our own making, by what they begin with.
  /(\boc[a-z]_)[A-Za-z0-9_-]{16,}/g,
];

/** The text without the secrets in it that can be told by their name or their shape. */
export const withoutSecrets = (text: string): string =>
  SECRETS.reduce((hidden, secret) => hidden.replace(secret, `$1${HIDDEN}`), text);
