export type Theme = 'system' | 'light' | 'dark';

const KEY = 'oc.preferences';

/** What this browser's user chose, kept in local storage; `static/theme.js` reads the theme before the first paint. */
class Preferences {
  #theme = $state<Theme>('system');
  #utc = $state(false);

  constructor() {
    try {
      const kept: unknown = JSON.parse(globalThis.localStorage?.getItem(KEY) ?? '{}');
      if (typeof kept !== 'object' || kept === null) return;
      if ('theme' in kept && (kept.theme === 'light' || kept.theme === 'dark')) this.#theme = kept.theme;
      if ('utc' in kept && kept.utc === true) this.#utc = true;
    } catch {
      // Blocked or spoilt storage: the defaults do.
    }
  }

  get theme(): Theme {
    return this.#theme;
  }
  set theme(theme: Theme) {
    this.#theme = theme;
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    this.#keep();
  }

  /** Absolute times in UTC instead of the browser's zone. */
  get utc(): boolean {
    return this.#utc;
  }
  set utc(utc: boolean) {
    this.#utc = utc;
    this.#keep();
  }

  #keep(): void {
    try {
      localStorage.setItem(KEY, JSON.stringify({ theme: this.#theme, utc: this.#utc }));
    } catch {
      // It then holds for this visit.
    }
  }
}

export const preferences = new Preferences();
