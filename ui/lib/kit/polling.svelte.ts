import { connection } from './connection.svelte.ts';

const EVERY_MS = 5_000;

/** Asks every five seconds while the page is seen and live. Call it while the component initialises. */
export function everySoOften(ask: () => void): void {
  $effect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible' && connection.freshness === 'live') ask();
    }, EVERY_MS);
    return () => clearInterval(timer);
  });
}
