import type { Host } from './host';

/** The shell when there is one, the fake world in a plain browser. Each is a chunk of its own. */
export async function pickHost(): Promise<Host> {
  if ('__TAURI_INTERNALS__' in window) return (await import('./tauri')).tauriHost();
  return (await import('./fake')).fakeHost(new URLSearchParams(location.search));
}
