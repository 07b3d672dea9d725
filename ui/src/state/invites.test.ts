import { describe, expect, it } from 'vitest';
import { invite } from '../test/people';
import { stands } from './invites';

const NOW = new Date(2026, 4, 14, 15, 0).getTime();

describe('an invite to a room', () => {
  it('stands until it is used up, over or revoked', () => {
    expect(stands(invite(), NOW)).toBe(true);
    expect(stands(invite({ expires_ms: NOW + 1 }), NOW)).toBe(true);
    expect(stands(invite({ expires_ms: NOW }), NOW)).toBe(false);
    expect(stands(invite({ used: 5 }), NOW)).toBe(false);
    expect(stands(invite({ used: 6 }), NOW)).toBe(false);
    expect(stands(invite({ revoked: true }), NOW)).toBe(false);
  });
});
