import { theme } from './settings.svelte';

/** Sets `data-theme` on the page: the chosen theme, or the system's, live. */
export function watchTheme(): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const set = () => {
    document.documentElement.dataset['theme'] =
      theme.value === 'system' ? (dark.matches ? 'dark' : 'light') : theme.value;
  };
  set();
  dark.addEventListener('change', set);
  const stop = $effect.root(() => {
    $effect(set);
  });
  return () => {
    dark.removeEventListener('change', set);
    stop();
  };
}
