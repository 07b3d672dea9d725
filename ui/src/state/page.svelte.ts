import { doctor } from './doctor.svelte';
import { network } from './network.svelte';

/** What stands in the middle of the window. The doctor leads back to where it was called from. */
export type Shown = 'chat' | 'network' | 'doctor';

class Page {
  shown: Shown = $derived.by(() => (doctor.shown ? 'doctor' : network.shown ? 'network' : 'chat'));
}

export const page = new Page();
