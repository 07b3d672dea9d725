import type { Doctor as Found, DoctorRow, FixKind } from '../gen/api';
import { dialogs } from './dialogs.svelte';
import { notes } from './notes.svelte';
import { call, door } from './wire';

/** As for the network: changes are told for 20 s after each question. */
const ASK_EVERY_MS = 10_000;
/** A check is seen for at least so long: what only flickers looks as if nothing was done. */
const SEEN_MS = 1_200;

/** Why others can reach this device, or cannot; kept up to date for as long as it is shown. */
class Doctor {
  shown = $state(false);
  found: Found | null = $state.raw(null);
  #trying = $state(0);
  #timer: ReturnType<typeof setInterval> | null = null;
  /** A note that offers nothing but what a trouble offers says nothing new. */
  rows: readonly DoctorRow[] = $derived.by(() => {
    const all = this.found?.rows ?? [];
    const offered = new Set(all.filter((row) => row.level === 'trouble').flatMap((row) => row.fixes.map(kind)));
    const isNew = ({ level, fixes }: DoctorRow) =>
      level !== 'note' || fixes.length === 0 || fixes.some((fix) => fix.fix === 'try_now' || !offered.has(kind(fix)));
    return all.filter(isNew);
  });
  checking = $derived.by(() => this.#trying > 0 || (this.found?.checking ?? false));

  /** Shows the page over what stands in the middle; a dialog that led here is over. */
  show(): void {
    dialogs.close();
    if (this.shown) return;
    this.shown = true;
    this.#timer = setInterval(() => void this.#ask(true), ASK_EVERY_MS);
    void this.#ask(true);
  }

  hide(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    this.shown = false;
  }

  onChanged(found: Found): void {
    if (this.shown) this.found = found;
  }

  /** Notices were missed. */
  onGap(): void {
    if (this.shown) void this.#ask(true);
  }

  /** What is known now, for those who show a part of it. */
  async look(): Promise<void> {
    await this.#ask(false);
  }

  /** Finds everything out anew. */
  async tryNow(): Promise<void> {
    await this.#work(() => call('try_reach', {}));
  }

  /** Does what a finding offers. */
  async fix(fix: FixKind): Promise<void> {
    if (fix.fix === 'open_portal' && fix.url !== null) {
      const { url } = fix;
      await this.#work(() => door().openExternal(url));
    } else if (fix.fix === 'try_now') await this.tryNow();
    else await this.#work(() => call('fix', { fix }));
  }

  async #work(act: () => Promise<unknown>): Promise<void> {
    this.#trying += 1;
    const seen = new Promise((resolve) => setTimeout(resolve, SEEN_MS));
    try {
      await act();
      await seen;
      await this.#ask(this.shown);
    } catch (thrown) {
      notes.refused(thrown);
    } finally {
      this.#trying -= 1;
    }
  }

  async #ask(watch: boolean): Promise<void> {
    try {
      this.found = await call('doctor', { watch });
    } catch (thrown) {
      notes.refused(thrown);
    }
  }
}

function kind({ fix }: FixKind): FixKind['fix'] {
  return fix;
}

export const doctor = new Doctor();
