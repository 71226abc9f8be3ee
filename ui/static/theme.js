// Sets the chosen theme before the first paint. A file and not an inline script: a strict CSP will forbid those.
try {
  const { theme } = JSON.parse(localStorage.getItem('oc.preferences') ?? '{}');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be blocked or hold something else: the system's theme applies.
}
