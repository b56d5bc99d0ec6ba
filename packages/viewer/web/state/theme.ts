/** The theme last chosen with the button; the system's when none was. */
export function showTheme(): void {
  const chosen = localStorage.getItem('rapport.theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
}

export function isDark(): boolean {
  const chosen = document.documentElement.dataset.theme;
  return chosen === undefined ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark';
}

export function toggleTheme(): void {
  localStorage.setItem('rapport.theme', isDark() ? 'light' : 'dark');
  showTheme();
}
