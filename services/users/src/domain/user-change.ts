/** What became of a user. */
export type ChangeKind = 'CREATED' | 'UPDATED' | 'DELETED' | 'UNDELETED' | 'LOCKED' | 'UNLOCKED' | 'PURGED' | 'ERASED';
