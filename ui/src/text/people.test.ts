import { describe, expect, it } from 'vitest';
import type { Body } from '../gen/api';
import { ANA, BEN, CHI, member, row } from '../test/people';
import { closedWords } from './closed';
import { headSentence, systemWords } from './conversation';
import { details, roomWords } from './details';
import { cameWords, isChangeable, people, roleOffers, roleWords } from './people';
import { refusalWords } from './refusals';
import { dayName, timeOf } from './time';

const NOW = new Date(2026, 4, 14, 15, 0).getTime();
const THEN = new Date(2026, 4, 12, 9, 30).getTime();
const removed = row({
  standing: 'removed',
  closed: { why: 'removed', by: BEN, by_name: 'Ben', at_ms: THEN },
  may: { add: false, rename: false },
});

describe('what one may do with a person', () => {
  it('is offered only if it may be done and changes something', () => {
    const ben = member(BEN, 'Ben', { role: 'admin', may: { remove: true, set_role: ['member', 'owner'] } });
    expect(roleOffers(ben).map((offer) => offer.label)).toEqual(['Make owner', 'Make member']);
    expect(roleOffers({ ...ben, may: { remove: false, set_role: ['admin'] } })).toEqual([]);
    expect(isChangeable(ben)).toBe(true);
    expect(isChangeable({ ...ben, may: { remove: true, set_role: [] } })).toBe(true);
    expect(isChangeable(member(BEN, 'Ben'))).toBe(false);
  });

  it('names a role only where there is one', () => {
    expect([roleWords.owner, roleWords.admin, roleWords.member]).toEqual(['Owner', 'Admin', '']);
  });

  it('says of a removal what it does, what stays, and how to come back, and promises nothing else', () => {
    const said = people.removeBody('Ben').join(' ');
    expect(said).toContain('Ben cannot read what is said from now on, nor see who comes in.');
    expect(said).toContain('written by members who do not know of it yet, Ben may still read.');
    expect(said).toContain('What Ben already has stays with Ben.');
    expect(said).toContain('can come back only if somebody adds them again');
    expect(said).not.toMatch(/secret|encrypt|delete|never/i);
  });
});

describe('how a person came into a room', () => {
  const nameOf = (peer: string) => (peer === BEN ? 'Ben' : null);

  it('is said if it is known', () => {
    expect(cameWords(member(ANA, 'Ana'), ANA, nameOf)).toBe('made this room');
    expect(cameWords(member(CHI, 'Chi', { added_by: BEN }), ANA, nameOf)).toBe('added by Ben');
    expect(cameWords(member(CHI, 'Chi', { added_by: ANA }), ANA, nameOf)).toBe('added by you');
    expect(cameWords(member(CHI, 'Chi', { added_by: ANA }), BEN, nameOf)).toBe('');
    expect(cameWords(member(CHI, 'Chi', { added_by: null }), ANA, nameOf)).toBe('');
  });
});

describe('what happened to a room', () => {
  it('has a line for each case', () => {
    const lines: [Body, string][] = [
      [{ kind: 'member_added', peer: BEN, name: 'Ben' }, 'Chi added Ben'],
      [{ kind: 'member_removed', peer: BEN, name: 'Ben' }, 'Chi removed Ben'],
      [{ kind: 'member_removed', peer: ANA, name: 'Ana' }, 'Chi removed you'],
      [{ kind: 'role_given', peer: BEN, name: 'Ben', role: 'owner' }, 'Chi made Ben an owner'],
      [{ kind: 'role_given', peer: ANA, name: 'Ana', role: 'admin' }, 'Chi made you an admin'],
      [{ kind: 'role_given', peer: BEN, name: 'Ben', role: 'member' }, 'Chi made Ben a member'],
      [{ kind: 'room_renamed', name: 'Soups' }, 'Chi named this room Soups'],
      [{ kind: 'topic_set', text: 'Who cooks' }, 'Chi set the topic: Who cooks'],
      [{ kind: 'topic_set', text: '' }, 'Chi took the topic away'],
      [{ kind: 'only_admins_add', on: true }, 'Chi set that only admins may add people'],
      [{ kind: 'only_admins_add', on: false }, 'Chi set that everyone may add people'],
      [{ kind: 'history_set', on: true }, 'Chi set that new members see what was said before'],
      [{ kind: 'history_set', on: false }, 'Chi set that new members do not see what was said before'],
    ];
    for (const [body, words] of lines)
      expect(
        body.kind === 'text' || body.kind === 'waiting' || body.kind === 'deleted' || systemWords(body, 'Chi', ANA),
      ).toBe(words);
  });
});

describe('a room that one is not in any more', () => {
  it('says who ended that, and when', () => {
    expect(closedWords(removed, NOW)).toBe(`Ben removed you from this room on ${dayName(THEN, NOW)}, ${timeOf(THEN)}.`);
    const yesterday = { why: 'left', by: null, by_name: '', at_ms: NOW - 86_400_000 } as const;
    expect(closedWords({ standing: 'left', closed: yesterday }, NOW)).toMatch(/^You left this room yesterday, /);
    expect(closedWords({ ...removed, closed: null }, NOW)).toBe('Somebody removed you from this room.');
    expect(closedWords({ standing: 'left', closed: { ...yesterday, at_ms: 0 } }, NOW)).toBe('You left this room.');
    const left = row({ standing: 'left', closed: { why: 'left', by: null, by_name: '', at_ms: NOW } });
    expect(closedWords(left, NOW)).toBe(`You left this room today, ${timeOf(NOW)}.`);
    expect(closedWords(row(), NOW)).toBeNull();
  });

  it('says so at its head and beside it', () => {
    expect(headSentence({ room: removed, link: null }, NOW)[0]?.words).toMatch(/^Ben removed you .* stays readable/);
    expect(roomWords(removed)).toBe('You were removed from this room');
  });

  it('has words for what may not be done', () => {
    expect(refusalWords.not_allowed).toBe('You may not do that in this room. Nothing was changed.');
    expect(details.adminsAdd).toBe('Only admins add people here.');
  });
});
