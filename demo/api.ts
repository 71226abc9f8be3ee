/** An answer's data, and the cookie that came with it. */
export interface Answer<T> {
  data: T;
  cookie: string | undefined;
}

/**
 * Asks the API of the OC at `url` once.
 * @param headers by which it knows who asks: `authorization` or `cookie`
 * @throws Error with the first error's message
 */
export async function ask<T>(
  url: string,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(30_000),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] };
  if (errors?.[0]) throw new Error(errors[0].message);
  return { data, cookie: response.headers.getSetCookie()[0]?.split(';', 1)[0] };
}

export const bearer = (credential: string | undefined): Record<string, string> =>
  credential === undefined ? {} : { authorization: `Bearer ${credential}` };

/** A token with which so many managers join. */
export async function enrolmentToken(url: string, apiKey: string | undefined, uses = 1): Promise<string> {
  const { data } = await ask<{ createEnrolmentToken: { token: string } }>(
    url,
    'mutation ($uses: Int!) { createEnrolmentToken(input: { uses: $uses }) { token } }',
    { uses },
    bearer(apiKey),
  );
  return data.createEnrolmentToken.token;
}
