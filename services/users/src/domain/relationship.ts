import type { Micros } from './clock.ts';
import { at, InvalidFields, together } from './fields.ts';
import { parseUuid } from './uuid.ts';

/** Two users, seen from the first. */
export interface Pair {
  readonly userId: string;
  readonly otherId: string;
}

/** How a user stands to another; null: not at all. */
export interface Relationship extends Pair {
  readonly followingSince: Micros | null;
  readonly followedSince: Micros | null;
  readonly blockingSince: Micros | null;
}

export function parsePair(input: Pair): Pair {
  const pair = together({
    userId: at('user_id', () => parseUuid(input.userId)),
    otherId: at('other_id', () => parseUuid(input.otherId)),
  });
  if (pair.userId === pair.otherId) {
    throw new InvalidFields([{ field: 'other_id', description: 'must be another user than user_id' }]);
  }
  return pair;
}

/** The user blocks the other, and must unblock them first. */
export class UserBlocked extends Error {
  constructor(otherId: string) {
    super(`The user blocks ${otherId}. Unblock them first.`);
  }
}

/** The other does not want it: the user is told no more. */
export class FollowRefused extends Error {
  constructor(otherId: string) {
    super(`The user cannot follow ${otherId}.`);
  }
}
