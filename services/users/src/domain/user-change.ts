import type { Micros } from './clock.ts';

/** What became of a user. */
export type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED' | 'UNDELETED' | 'LOCKED' | 'UNLOCKED' | 'PURGED' | 'ERASED';

/** A change of one user. */
export interface UserChange {
  /** Its place in the order of all changes. */
  readonly number: number;
  readonly time: Micros;
  readonly userId: string;
  readonly kind: ChangeKind;
}

/** Of the changes after a cursor of WatchUsers, some are no longer known. */
export class CursorExpired extends Error {
  constructor() {
    super('The cursor is older than the changes that are kept: list the users, and watch again without a cursor.');
  }
}
