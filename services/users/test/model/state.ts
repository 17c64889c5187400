import type { Account, User } from '@tidemark/contracts/users';
import { AccountState, UserState } from '@tidemark/contracts/users';
import { Refusal } from './refusal.ts';

/** All that the model knows. */
export interface State {
  /** In the order in which they were created; those who are gone, too. */
  people: Person[];
  follows: Edge[];
  blocks: Edge[];
  accounts: Money[];
  /** By idempotency key. */
  movements: Record<string, { asked: string; accountId: string; reply: unknown }>;
  tokens: { token: string; userId: string; purpose: string }[];
  /** All tokens that were ever mailed. */
  issued: string[];
  /** Who was deleted, in order. */
  deletions: string[];
  /** That nobody has looked at. */
  changes: { userId: string; kind: number }[];
  audit: { userId: string; action: string; actor: string; details: Record<string, unknown> }[];
}

/** What has an etag: the service makes it, and the model only says when it must be a new one. */
interface Versioned {
  /** undefined: not seen since the last change. */
  etag: string | undefined;
  etags: string[];
}

export interface Person extends Versioned {
  id: string;
  username: string;
  email: string;
  displayName: string;
  bio: string;
  emailVerified: boolean;
  deleted: boolean;
  locked: boolean;
  password: string;
  requestId: string;
  /** What the request said that created the user. */
  asked: string;
  gone: '' | 'PURGED' | 'ERASED';
}

export interface Edge {
  from: string;
  to: string;
  since: unknown;
}

export interface Money extends Versioned {
  id: string;
  userId: string;
  currency: string;
  limit: bigint;
  balance: bigint;
  sequence: bigint;
  closed: boolean;
  requestId: string;
  asked: string;
}

/** What the service answered, or nothing of it where it refused. */
export type Seen<Response> = Partial<Response> & { error?: string };

export const actor = '127.0.0.1';

export function emptyState(): State {
  return {
    people: [],
    follows: [],
    blocks: [],
    accounts: [],
    movements: {},
    tokens: [],
    issued: [],
    deletions: [],
    changes: [],
    audit: [],
  };
}

/** A user who is there, deleted or not. */
export function there(state: State, id: string): Person {
  const person = state.people.find((one) => one.id === id && one.gone === '');
  if (!person) throw new Refusal('USER_NOT_FOUND');
  return person;
}

/** One who is not deleted either. */
export function present(state: State, id: string): Person {
  const person = there(state, id);
  if (person.deleted) throw new Refusal('USER_NOT_FOUND');
  return person;
}

export function checkEtag(versioned: Versioned, etag: string): void {
  if (etag !== '' && etag !== versioned.etag) throw new Refusal('ETAG_MISMATCH');
}

/** The etag as it must be: a new one after a change, and else the same. */
function etagOf(versioned: Versioned, seen: string | undefined): string {
  if (versioned.etag === undefined && seen && !versioned.etags.includes(seen)) {
    versioned.etag = seen;
    versioned.etags.push(seen);
  }
  return versioned.etag ?? 'a new etag';
}

export function stateOf({ deleted, locked }: Person): UserState {
  if (deleted) return UserState.DELETED;
  return locked ? UserState.LOCKED : UserState.ACTIVE;
}

export function userView(person: Person, seen: User | undefined): unknown {
  const { id, username, email, displayName, bio, emailVerified, deleted, locked } = person;
  return {
    ...{ id, username, email, displayName, emailVerified },
    profile: { bio, avatarUrl: '', locale: '', timeZone: '' },
    state: stateOf(person),
    etag: etagOf(person, seen?.etag),
    deleteTime: deleted || undefined,
    lockTime: locked || undefined,
  };
}

export function accountView(account: Money, seen: Account | undefined): unknown {
  const { id, userId, currency, limit, balance, sequence, closed } = account;
  return {
    ...{ id, userId, currency, sequence, balanceMinor: balance, limitMinor: limit },
    state: closed ? AccountState.CLOSED : AccountState.OPEN,
    etag: etagOf(account, seen?.etag),
    closeTime: closed || undefined,
  };
}
