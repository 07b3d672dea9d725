import type { Member, Role } from '../gen/api';

/** What somebody is in a room; a plain member needs no word. */
export const roleWords: Record<Role, string> = { owner: 'Owner', admin: 'Admin', member: '' };

const acts: Record<Role, string> = { owner: 'Make owner', admin: 'Make admin', member: 'Make member' };

/** Roles that may be given, the highest first, without the one that is there already. */
export function roleOffers({ role, may }: Member): { role: Role; label: string }[] {
  return (['owner', 'admin', 'member'] as const)
    .filter((one) => one !== role && may.set_role.includes(one))
    .map((one) => ({ role: one, label: acts[one] }));
}

/** Whether anything may be done with them. */
export function isChangeable(member: Member): boolean {
  return member.may.remove || roleOffers(member).length > 0;
}

export const people = {
  menu: (name: string) => `What you can do with ${name}`,
  remove: 'Remove…',
  removeTitle: (name: string, room: string) => `Remove ${name} from ${room}?`,
  /** What removing somebody does, and what it cannot do. */
  removeBody: (name: string): readonly string[] => [
    `${name} cannot read what is said from now on, nor see who comes in. What is written by members who do not know of it yet, ${name} may still read.`,
    `What ${name} already has stays with ${name}. What ${name} wrote, as far as it has come here, stays in the room.`,
    `${name} can come back only if somebody adds them again. Invites that ${name} made stop working.`,
  ],
  removeConfirm: 'Remove',
  addAgain: 'Add again',
  addAgainLabel: (name: string) => `Add again: ${name}`,
  /** A name that is not known here. */
  somebody: 'Somebody',
};

/** How this member came into the room; empty when that is not known. */
export function cameWords(
  { creator, added_by: by }: Member,
  me: string | null,
  nameOf: (peer: string) => string | null,
): string {
  if (creator) return 'made this room';
  const name = by === null ? null : by === me ? 'you' : nameOf(by);
  return name === null ? '' : `added by ${name}`;
}
