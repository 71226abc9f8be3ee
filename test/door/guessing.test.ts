import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../harness/client.ts';
import { Oc } from '../harness/oc.ts';
import { Browser, firstAdministrator, person } from '../harness/people.ts';
import { until } from '../harness/until.ts';

describe('people whose passwords are guessed at', () => {
  let oc: Oc;
  let ann: Browser;
  beforeAll(async () => {
    oc = await Oc.start({ auth: true });
    ann = await firstAdministrator(oc);
  });
  afterAll(() => oc.stop());

  it('get the same answer to a wrong name as to a wrong password, and are held up when they go on guessing', async () => {
    await person(ann, 'Emil', [{ role: 'VIEWER' }]);
    const guesser = new Browser(oc.url);
    const [known, unknown] = [await guesser.logIn('Emil', 'guess'), await guesser.logIn('Nemo', 'guess')];
    expect(known.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(unknown).toEqual(known);
    for (const name of ['Emil', 'Nemo']) {
      const held = await until('guesses are held up', async () => {
        const { errors } = await guesser.logIn(name, 'guess');
        return errors?.[0]?.extensions.code === 'UNAVAILABLE' && errors[0];
      });
      expect(held.extensions['retryAfterSeconds']).toBeGreaterThan(0);
    }
    expect((await guesser.logIn('Ann')).errors, 'another name').toBeUndefined();
  });

  it('are not held up by who guesses beside them, where they have logged in before', async () => {
    const { browser } = await person(ann, 'Gwen', [{ role: 'VIEWER' }]);
    await browser.data('mutation { logOut { kind } }');
    const { browser: other } = await person(ann, 'Hugo', [{ role: 'VIEWER' }]);
    const guesser = new Browser(oc.url);
    const heldUp = ({ errors }: Answer) => errors?.[0]?.extensions.code === 'UNAVAILABLE';
    /** For longer than it takes to see who else is. */
    const guessing = (browser: Browser) =>
      until('guesses are held up for long', async () => {
        const { errors } = await browser.logIn('Gwen', 'guess');
        return Number(errors?.[0]?.extensions['retryAfterSeconds'] ?? 0) > 5;
      });
    await guessing(guesser);
    expect(heldUp(await new Browser(oc.url).logIn('Gwen')), 'and whoever else is there').toBe(true);
    expect(heldUp(await other.logIn('Gwen')), 'whose browser is not that of Gwen').toBe(true);
    expect((await browser.logIn('Gwen')).errors).toBeUndefined();
    expect((await browser.data('{ viewer { name } }')).viewer.name).toBe('Gwen');
    await guessing(browser);
    expect(heldUp(await browser.logIn('Gwen')), 'and who guesses with it is held up too').toBe(true);
  });
});
