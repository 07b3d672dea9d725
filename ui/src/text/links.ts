import type { JoinRefusal, JoinState, LinkPath, LinkReason, LinkState } from '../gen/api';
import { briefTime, untilWords } from './time';

/** Why a link ended or an attempt failed, to stand after a dash. */
export const reasonWords: Record<LinkReason, string> = {
  refused: 'refused',
  timed_out: 'no answer',
  no_route: 'no way there from this network',
  name_unknown: 'that name leads nowhere',
  wrong_peer: 'somebody else answered there',
  version: 'their version speaks another language',
  protocol: 'what answered is not Grapevine',
  not_welcome: 'they do not know you yet',
  goodbye: 'they closed Grapevine',
  lost: 'the connection broke',
  silent: 'they fell silent',
  replaced: 'a better connection took over',
  too_slow: 'their side could not keep up',
  busy: 'too busy just now',
};

/** How a link goes: "direct", "direct through your router’s door", "through Dice". */
export function pathWords(path: LinkPath): string {
  switch (path.kind) {
    case 'direct':
      return 'direct';
    case 'door':
      return 'direct through your router’s door';
    case 'through':
      return `through ${path.name}`;
  }
}

/**
 * How one is connected with a person: "direct · 31 ms", "through Dice", "trying again in 8 s —
 * refused", "last reached 12:31".
 */
export function linkWords(link: LinkState, now: number): string {
  switch (link.state) {
    case 'own':
      return 'you';
    case 'connected':
      return link.latency_us === null
        ? pathWords(link.path)
        : `${pathWords(link.path)} · ${latencyWords(link.latency_us)}`;
    case 'connecting':
      return `trying ${link.address}`;
    case 'waiting':
      return `trying again ${untilWords(link.retry_at, now)} — ${reasonWords[link.reason]}`;
    case 'unreachable':
      return link.last_seen === null ? 'not reached yet' : `last reached ${briefTime(link.last_seen, now)}`;
  }
}

/** "0.4 ms", "31 ms". */
export function latencyWords(microseconds: number): string {
  const ms = microseconds / 1000;
  return ms < 1 ? `${Math.max(0.1, ms).toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

/** What colour says, said again in words elsewhere. */
export function linkTone(link: LinkState): 'ok' | 'warn' | 'off' {
  switch (link.state) {
    case 'own':
    case 'connected':
      return 'ok';
    case 'connecting':
    case 'waiting':
      return 'warn';
    case 'unreachable':
      return 'off';
  }
}

const joinRefusals: Record<JoinRefusal, string> = {
  unknown_invite: 'They no longer know this invite. Ask for a new one.',
  used_up: 'This invite has been used up. Ask for a new one.',
  declined: 'They said no.',
  full: 'The room is full.',
  own: 'That is your own invite. Send it to somebody else.',
};

/**
 * How an attempt to join a room or to reach a person stands. When its trouble is told beside it,
 * the reason of the last failure would say less.
 */
export function joinWords(state: JoinState, now: number, told = false): string {
  switch (state.state) {
    case 'connecting':
      return `Trying ${state.address}`;
    case 'waiting':
      return `Trying again ${untilWords(state.retry_at, now)}${told ? '' : ` — ${reasonWords[state.reason]}`}`;
    case 'asked':
      return state.name === ''
        ? 'Connected. Waiting for their answer.'
        : `Connected. Waiting for ${state.name} to answer.`;
    case 'joined':
      return 'Joined';
    case 'refused':
      return joinRefusals[state.why];
  }
}
