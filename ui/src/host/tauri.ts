import { Channel, invoke } from '@tauri-apps/api/core';
import type { Numbered } from '../gen/api';
import { Refusal, type Host } from './host';

/** The real shell: one command for calls, one channel for notices. */
export function tauriHost(): Host {
  return {
    async call(call, args) {
      try {
        return await invoke('call', { call, args: JSON.stringify(args) });
      } catch (thrown) {
        throw Refusal.from(thrown);
      }
    },

    async subscribe(onNotices) {
      const channel = new Channel<Numbered[]>();
      channel.onmessage = onNotices;
      await invoke('subscribe', { channel });
      return () => {
        channel.onmessage = () => {};
      };
    },

    async copyText(text) {
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        copyThroughSelection(text);
      }
    },

    async openExternal(url) {
      await invoke('open_link', { url });
    },

    painted() {
      // Only a measurement hangs on it: a shell that does not listen is no fault.
      invoke('painted').catch(() => {});
    },

    beforeEnd(save) {
      invoke('await_end')
        .then(save)
        .finally(() => invoke('ready_to_end'))
        .catch(() => {
          // The program ends all the same, after its patience.
        });
    },
  };
}

/** Some web views give no clipboard permission; copying a selection still works there. */
function copyThroughSelection(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.readOnly = true;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  const before = document.activeElement;
  // Inside an open dialog, because its focus trap would take the focus back from anywhere else.
  (document.querySelector('[role="dialog"]') ?? document.body).append(area);
  area.select();
  const copied = document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  if (!copied) throw new Refusal('broken', 'the system gave no access to the clipboard');
}
