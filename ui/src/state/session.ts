import type { Notice, Numbered, Stage } from '../gen/api';
import { Refusal, type Host } from '../host/host';
import { applyNotice } from './apply';
import { dialogs } from './dialogs.svelte';
import { doctor } from './doctor.svelte';
import { hands } from './hands';
import { joinChanged, joinGone } from './joins.svelte';
import { applySnapshot } from './model';
import { Sequence } from './sequence';
import { network } from './network.svelte';
import { model } from './store.svelte';
import { chats } from './chats.svelte';
import { saveBeforeEnd } from './beforeEnd';
import { call, connect } from './wire';

const sequence = new Sequence();
let asking = false;

/**
 * Subscribes first, so that nothing is lost between answer and notices; then asks for the stage.
 */
export async function start(host: Host): Promise<void> {
  connect(host);
  host.beforeEnd(saveBeforeEnd);
  try {
    await host.subscribe(onNotices);
    await stand(await call('status', {}));
  } catch (thrown) {
    const refusal = Refusal.from(thrown);
    model.stage = {
      stage: 'unusable',
      code: refusal.code === 'broken' ? 'closing' : refusal.code,
      detail: refusal.message,
    };
  }
}

/** Takes a stage from a reply or a notice. */
export async function stand(stage: Stage): Promise<void> {
  if (stage.stage === 'open' && !model.me) await askSnapshot();
  model.stage = stage;
}

function onNotices(batch: Numbered[]): void {
  const step = sequence.take(batch);
  // A stage is needed before any snapshot can be had, so it does not wait for one.
  if (!model.me) for (const { notice } of batch) if (notice.notice === 'stage_changed') void stand(notice.stage);
  applyAll(step.apply);
  if (step.ask) void askSnapshot();
}

async function askSnapshot(): Promise<void> {
  if (asking) return;
  asking = true;
  sequence.pause();
  try {
    const again = model.me !== null;
    const snapshot = await call('snapshot', {});
    applySnapshot(model, snapshot);
    chats.onSnapshot(again);
    if (again) network.onGap();
    if (again) doctor.onGap();
    const step = sequence.resume(snapshot.seq);
    applyAll(step.apply);
    if (step.ask) queueMicrotask(() => void askSnapshot());
  } finally {
    asking = false;
  }
}

function applyAll(notices: readonly Notice[]): void {
  const messages = new Map<string, Extract<Notice, { notice: 'messages' }>['messages']>();
  for (const notice of notices) {
    const elsewhere = applyNotice(model, notice);
    if (elsewhere?.notice === 'messages') {
      const earlier = messages.get(elsewhere.room);
      if (earlier) earlier.push(...elsewhere.messages);
      else messages.set(elsewhere.room, [...elsewhere.messages]);
    }
    if (elsewhere?.notice === 'messages_gone') {
      const gone = new Set(elsewhere.messages);
      messages.set(
        elsewhere.room,
        (messages.get(elsewhere.room) ?? []).filter((m) => !gone.has(m.id)),
      );
      chats.onGone(elsewhere.room, gone);
    }
    if (elsewhere?.notice === 'network_changed') network.onChanged(elsewhere.people, elsewhere.gone);
    if (elsewhere?.notice === 'doctor_changed') doctor.onChanged(elsewhere.doctor);
    if (elsewhere?.notice === 'invite_opened') {
      hands.cut();
      dialogs.openAdd({ tab: 'have', text: elsewhere.text });
    }
    if (notice.notice === 'join_changed') joinChanged(notice.joining);
    if (notice.notice === 'join_gone') joinGone(notice.id);
  }
  // One step for each room and batch: a flood costs one layout, not thousands.
  for (const [room, list] of messages) chats.onMessages(room, list);
}
