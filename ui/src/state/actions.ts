import type {
  Alert,
  CustodyChoice,
  InviteReading,
  Joining,
  Message,
  PersonDetails,
  Role,
  RoomRow,
  SetRoom,
  Setter,
} from '../gen/api';
import { sendable } from '../host/sendable';
import type { Chat } from './chat.svelte';
import { chats } from './chats.svelte';
import { drafts } from './drafts.svelte';
import { beganJoin } from './joins.svelte';
import { notes } from './notes.svelte';
import { stand } from './session';
import { shows } from './shows';
import { model } from './store.svelte';
import { call, door } from './wire';

// Intents of the person. Each either returns what the view needs, or tells of a refusal by itself;
// those that a form must answer for (wrong passphrase, bad name) reject.

export async function begin(name: string, custody: CustodyChoice): Promise<void> {
  await stand(await call('begin', { name, custody }));
}

export async function unlock(passphrase: string): Promise<void> {
  await stand(await call('unlock', { passphrase }));
}

export async function retry(): Promise<void> {
  await stand(await call('retry', {}));
}

export async function setName(name: string): Promise<void> {
  model.me = await call('set_name', { name });
}

export async function setNearbyVisible(visible: boolean): Promise<void> {
  await told(async () => {
    model.me = await call('set_nearby_visible', { visible });
  });
}

export async function setInternet(on: boolean): Promise<void> {
  await told(async () => {
    model.me = await call('set_internet', { on });
  });
}

export async function setMapping(on: boolean): Promise<void> {
  await told(async () => {
    model.me = await call('set_mapping', { on });
  });
}

export async function setCarry(on: boolean): Promise<void> {
  await told(async () => {
    model.me = await call('set_carry', { on });
  });
}

/** Makes a room and returns its id; the caller opens it. */
export async function createRoom(name: string): Promise<string> {
  return know(await call('create_room', { name }));
}

export async function openDirect(peer: string): Promise<void> {
  await told(async () => chats.open(know(await call('open_direct', { peer }))));
}

export async function leaveRoom(room: string): Promise<void> {
  await told(() => call('leave_room', { room }));
}

export async function removeMember(room: string, peer: string): Promise<void> {
  await told(() => call('remove_member', { room, peer }));
}

export async function addMember(room: string, peer: string): Promise<void> {
  await told(() => call('add_member', { room, peer }));
}

export async function setRole(room: string, peer: string, role: Role): Promise<void> {
  await told(() => call('set_role', { room, peer, role }));
}

/** Sets what is given; the rest stays. */
export async function setRoom(settings: SetRoom): Promise<void> {
  await call('set_room', settings);
}

export async function setOnlyAdminsAdd(room: string, on: boolean): Promise<void> {
  await told(() => setRoom({ room, only_admins_add: on }));
}

export async function setHistory(room: string, on: boolean): Promise<void> {
  await told(() => setRoom({ room, history: on }));
}

/** Who last said whether new members see what was said before; nothing if nobody ever did. */
export async function historySetter(room: string): Promise<Setter | null> {
  return (await call('room', { room })).history;
}

export async function revokeInvite(room: string, id: string): Promise<void> {
  await told(() => call('revoke_invite', { room, id }));
}

/** Sends, edits or answers, as the message box stands. On refusal the text is back in the box. */
export async function submit(room: string, text: string): Promise<void> {
  const chat = chats.current;
  const trimmed = sendable(text);
  if (!chat || chat.id !== room || !shows(trimmed)) return;
  const { desk } = chat;
  const { mode } = desk;
  desk.clear();
  if (mode.kind === 'edit') {
    if (trimmed === mode.text) return;
    await told(
      () => call('edit', { room, message: mode.message.id, text: trimmed }),
      () => desk.restore(mode, text),
    );
    return;
  }
  drafts.set(room, '');
  drafts.flush(room);
  await told(
    async () => {
      await call(
        'send',
        mode.kind === 'reply' ? { room, text: trimmed, reply_to: mode.to.id } : { room, text: trimmed },
      );
      chat.clearDivider();
      await chat.toEnd();
    },
    () => {
      if (drafts.text(room) === '') drafts.set(room, text);
      desk.restore(mode, text);
    },
  );
}

export async function deleteMessage(message: Message): Promise<void> {
  await told(() => call('delete', { room: message.room, message: message.id }));
}

/** Says an own message that is dated ahead again, with the time of now; the other one goes. */
export async function sendAgain(message: Message): Promise<void> {
  await told(() => call('send_again', { room: message.room, message: message.id }));
}

/** What came late in a room was seen, wherever it stands. */
export async function allSeen(chat: Chat): Promise<void> {
  await told(() => chat.allSeen());
}

/** Adds one's reaction, or takes it back when it stands already. */
export async function toggleReaction(message: Message, emoji: string): Promise<void> {
  if (message.body.kind !== 'text') return;
  const stands = message.body.reactions.some((r) => r.emoji === emoji && r.mine);
  await told(() => call('react', { room: message.room, message: message.id, emoji, on: !stands }));
}

export async function copy(text: string): Promise<void> {
  await told(async () => {
    await door().copyText(text);
    notes.copied();
  });
}

export async function openExternal(url: string): Promise<void> {
  await told(() => door().openExternal(url));
}

export function readInvite(text: string): Promise<InviteReading> {
  return call('read_invite', { text });
}

export async function acceptInvite(text: string): Promise<Joining> {
  return beganJoin(await call('accept_invite', { text }));
}

export async function addAddress(address: string): Promise<Joining> {
  return beganJoin(await call('add_address', { address }));
}

export async function sayHello(nearby: string): Promise<Joining | null> {
  try {
    return beganJoin(await call('say_hello', { nearby }));
  } catch (thrown) {
    notes.refused(thrown);
    return null;
  }
}

export async function cancelJoin(join: string): Promise<void> {
  await told(async () => {
    await call('cancel_join', { join });
    model.joining = model.joining.filter((j) => j.id !== join);
  });
}

export async function answerRequest(peer: string, accept: boolean): Promise<void> {
  await told(async () => {
    await call('answer_request', { peer, accept });
    model.requests = model.requests.filter((r) => r.peer !== peer);
  });
}

export function person(peer: string): Promise<PersonDetails> {
  return call('person', { peer });
}

export async function redial(peer: string): Promise<void> {
  await told(() => call('redial', { peer }));
}

/** Takes an alert off the window; the node may raise it again. */
export function dismissAlert(alert: Alert): void {
  model.alerts = model.alerts.filter((a) => a.kind !== alert.kind || a.detail !== alert.detail);
}

/** Tells the shell that content stands on the screen, once. */
export function painted(): void {
  door().painted();
}

function know(row: RoomRow): string {
  model.rooms[row.id] ??= row;
  return row.id;
}

async function told(act: () => Promise<unknown>, undo?: () => void): Promise<void> {
  try {
    await act();
  } catch (thrown) {
    undo?.();
    notes.refused(thrown);
  }
}
