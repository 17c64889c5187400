import { UserChangeKind, UserState } from '@tidemark/contracts/users';
import type {
  BatchGetUsersRequest,
  BatchGetUsersResponse,
  CreateUserRequest,
  CreateUserResponse,
  DeleteUserRequest,
  EraseUserRequest,
  EraseUserResponse,
  GetUserRequest,
  ListAuditEntriesRequest,
  ListUsersRequest,
  ListUsersResponse,
  LookupUserRequest,
  UpdateUserRequest,
  User,
} from '@tidemark/contracts/users';
import { emails, keyOf, usernames } from './names.ts';
import { Refusal } from './refusal.ts';
import { actor, checkEtag, stateOf, there, userView, type Person, type Seen, type State } from './state.ts';

type SeenUser = Seen<{ user: User | undefined }>;
type Attributes = Pick<Person, 'username' | 'email' | 'displayName' | 'bio'>;
type ChangeName = Exclude<keyof typeof UserChangeKind, 'UNSPECIFIED' | 'UNRECOGNIZED'>;

/** UsersService and AuditService. */
export const people = {
  createUser(state: State, { user, password, requestId }: CreateUserRequest, seen: Seen<CreateUserResponse>): unknown {
    const attributes = attributesOf(user);
    const wrongPassword = password === '' ? [] : wrongPasswords(password, 'password');
    refuseFields([...wrongAmong(attributes, ['username', 'email']), ...wrongPassword]);
    const asked = JSON.stringify(attributes);
    const before = requestId && known(state).find((person) => person.requestId === requestId);
    if (before) {
      if (before.asked !== asked) throw new Refusal('REQUEST_ID_REUSED', ['request_id']);
      return { user: userView(before, seen.user) };
    }
    refuseTaken(state, undefined, attributes, seen);
    const fresh = {
      emailVerified: false,
      deleted: false,
      locked: false,
      gone: '',
      etag: undefined,
      etags: [],
    } as const;
    const id = seen.user?.id ?? 'a new id';
    const person = { ...attributes, ...fresh, etags: [], id, password: password.normalize('NFC'), requestId, asked };
    state.people.push(person);
    tell(state, person, 'CREATED', { password: password === '' ? 'none' : 'set' });
    return { user: userView(person, seen.user) };
  },

  getUser: (state: State, { id }: GetUserRequest, seen: SeenUser): unknown => ({
    user: userView(there(state, id), seen.user),
  }),

  lookupUser(state: State, { key }: LookupUserRequest, seen: SeenUser): unknown {
    const person = known(state).find((one) => isNamed(one, key));
    if (!person) throw new Refusal('USER_NOT_FOUND');
    return { user: userView(person, seen.user) };
  },

  batchGetUsers(state: State, { ids }: BatchGetUsersRequest, seen: Seen<BatchGetUsersResponse>): unknown {
    const of = (id: string) => known(state).find((person) => person.id === id);
    const users = ids.flatMap((id) => of(id) ?? []);
    return {
      users: users.map((person, place) => userView(person, seen.users?.[place])),
      missing: ids.filter((id) => !of(id)),
    };
  },

  /** Of this run, by the prefix of its names. */
  listUsers(state: State, { states, orderBy }: ListUsersRequest, seen: Seen<ListUsersResponse>): unknown {
    const wanted = states.length > 0 ? states : [UserState.ACTIVE, UserState.LOCKED];
    const listed = known(state).filter((person) => wanted.includes(stateOf(person)));
    const [by, direction] = orderBy.split(' ');
    const keyFor = (person: Person) => (by === 'username' ? (keyOf(usernames, person.username) ?? '') : person.id);
    // The clock of the test stands still for no two users, and an id begins with its time.
    listed.sort((a, b) => (keyFor(a) < keyFor(b) ? -1 : 1));
    if (direction === 'desc') listed.reverse();
    return {
      users: listed.map((person) =>
        userView(
          person,
          seen.users?.find(({ id }) => id === person.id),
        ),
      ),
    };
  },

  updateUser(state: State, { user, updateMask: mask = [] }: UpdateUserRequest, seen: SeenUser): unknown {
    const given = attributesOf(user);
    const named = namesOf(mask, given);
    refuseFields([...wrongPaths(mask), ...wrongAmong(given, named)]);
    const person = there(state, user?.id ?? '');
    if (person.deleted) throw new Refusal('USER_DELETED');
    checkEtag(person, user?.etag ?? '');
    const next = { ...person, ...Object.fromEntries(named.map((name) => [name, given[name]])) };
    const fields = Object.keys(paths).filter((name) => next[name as Name] !== person[name as Name]) as Name[];
    if (fields.length > 0) {
      refuseTaken(state, person, next, seen);
      const sameEmail = keyOf(emails, next.email) === keyOf(emails, person.email);
      Object.assign(person, next, { etag: undefined, emailVerified: person.emailVerified && sameEmail });
      if (!sameEmail) endTokens(state, person);
      tell(state, person, 'UPDATED', { fields: fields.map((name) => paths[name]) });
    }
    return { user: userView(person, seen.user) };
  },

  deleteUser(state: State, { id, etag }: DeleteUserRequest, seen: SeenUser): unknown {
    const person = there(state, id);
    if (person.deleted) throw new Refusal('USER_NOT_FOUND');
    const reply = changed(state, person, etag, 'DELETED', { deleted: true }, seen);
    state.deletions.push(id);
    return reply;
  },

  undeleteUser(state: State, { id, etag }: DeleteUserRequest, seen: SeenUser): unknown {
    const person = there(state, id);
    if (!person.deleted) throw new Refusal('USER_NOT_DELETED');
    return changed(state, person, etag, 'UNDELETED', { deleted: false }, seen);
  },

  lockUser(state: State, { id, etag }: DeleteUserRequest, seen: SeenUser): unknown {
    const person = there(state, id);
    if (person.deleted) throw new Refusal('USER_DELETED');
    return changed(state, person, etag, 'LOCKED', { locked: true }, seen);
  },

  unlockUser(state: State, { id, etag }: DeleteUserRequest, seen: SeenUser): unknown {
    const person = there(state, id);
    if (person.deleted) throw new Refusal('USER_DELETED');
    return changed(state, person, etag, 'UNLOCKED', { locked: false }, seen);
  },

  eraseUser(state: State, { id, etag }: EraseUserRequest, seen: Seen<EraseUserResponse>): unknown {
    if (etag !== '') checkEtag(there(state, id), etag);
    const person = state.people.find((one) => one.id === id && one.gone !== 'ERASED');
    if (!person) throw new Refusal('USER_NOT_FOUND');
    if (hasOpenAccount(state, id)) throw new Refusal('ACCOUNT_OPEN');
    remove(state, person, 'ERASED');
    const { replacement = '' } = seen;
    for (const entry of state.audit) {
      if (entry.userId === id) Object.assign(entry, { userId: replacement, actor: withoutAddress(entry.actor) });
      if (entry.details['other_id'] === id) entry.details['other_id'] = replacement;
    }
    state.audit.push({ userId: replacement, action: 'USER_ERASED', actor, details: {} });
    state.changes = state.changes.filter(({ userId }) => userId !== id);
    state.changes.push({ userId: id, kind: UserChangeKind.ERASED });
    return { replacement };
  },

  /** No method, but what the service does by itself after some time. */
  purge(state: State): unknown {
    const deletion = ({ id }: Person) => state.deletions.lastIndexOf(id);
    for (const person of known(state).sort((a, b) => deletion(a) - deletion(b))) {
      if (!person.deleted || hasOpenAccount(state, person.id)) continue;
      remove(state, person, 'PURGED');
      state.audit.push({ userId: person.id, action: 'USER_PURGED', actor: 'tidemark', details: {} });
      state.changes.push({ userId: person.id, kind: UserChangeKind.PURGED });
    }
    return {};
  },

  listAuditEntries(state: State, request: ListAuditEntriesRequest): unknown {
    const entries = state.audit.filter(({ userId }) => request.userId === '' || userId === request.userId);
    return { entries: request.orderBy === 'time' ? entries : entries.reverse() };
  },

  /** Since the last look. */
  watchUsers(state: State): unknown {
    const { changes } = state;
    state.changes = [];
    return { changes };
  },
};

const paths = { username: 'username', email: 'email', displayName: 'display_name', bio: 'profile.bio' } as const;
type Name = keyof typeof paths;

function known(state: State): Person[] {
  return state.people.filter(({ gone }) => gone === '');
}

function attributesOf(user: User | undefined): Attributes {
  const { username = '', email = '', displayName = '', profile } = user ?? {};
  return { username: username.normalize('NFC'), email, displayName, bio: profile?.bio ?? '' };
}

/** The attributes that a mask names; those with a value where it names nothing. */
function namesOf(mask: readonly string[], given: Attributes): Name[] {
  const all = Object.keys(paths) as Name[];
  if (mask.length === 0) return all.filter((name) => given[name] !== '');
  return all.filter((name) => mask.some((path) => path === '*' || `${paths[name]}.`.startsWith(`${path}.`)));
}

function wrongPaths(mask: readonly string[]): string[] {
  const known = ['*', 'profile', ...Object.values(paths)];
  return mask.some((path) => !known.includes(path)) ? ['update_mask'] : [];
}

/** Names that are not in the table are there to be refused. */
function wrongAmong({ username, email }: Attributes, named: readonly Name[]): string[] {
  const wrong = [];
  if (named.includes('username') && keyOf(usernames, username) === undefined) wrong.push('user.username');
  if (named.includes('email') && keyOf(emails, email) === undefined) wrong.push('user.email');
  return wrong;
}

/** Those that the test knows to be too short or too common. */
export function wrongPasswords(password: string, field: string): string[] {
  return password === 'short' || password === 'password1' ? [field] : [];
}

export function refuseFields(fields: readonly string[]): void {
  if (fields.length > 0) throw new Refusal('FIELD_INVALID', fields);
}

function refuseTaken(state: State, self: Person | undefined, next: Attributes, seen: SeenUser): void {
  const others = known(state).filter(({ id }) => id !== self?.id);
  const nameTaken = others.some((one) => keyOf(usernames, one.username) === keyOf(usernames, next.username));
  const emailTaken = others.some((one) => keyOf(emails, one.email) === keyOf(emails, next.email));
  // Where both are, either may be named.
  if (emailTaken && (!nameTaken || seen.error === 'EMAIL_TAKEN')) throw new Refusal('EMAIL_TAKEN', ['user.email']);
  if (nameTaken) throw new Refusal('USERNAME_TAKEN', ['user.username']);
}

/** Whom a request means by name or address. */
export function isNamed(person: Person, key: LookupUserRequest['key']): boolean {
  if (key?.$case === 'username') return keyOf(usernames, person.username) === keyOf(usernames, key.value);
  return key !== undefined && keyOf(emails, person.email) === keyOf(emails, key.value);
}

/** Another state; one who is in it already stays as they are. */
function changed(
  state: State,
  person: Person,
  etag: string,
  kind: ChangeName,
  next: { deleted?: boolean; locked?: boolean },
  seen: SeenUser,
): unknown {
  checkEtag(person, etag);
  if (Object.entries(next).some(([name, value]) => person[name as 'deleted' | 'locked'] !== value)) {
    Object.assign(person, next, { etag: undefined });
    if (stateOf(person) !== UserState.ACTIVE) endTokens(state, person);
    tell(state, person, kind);
  }
  return { user: userView(person, seen.user) };
}

export function tell(state: State, { id }: Person, kind: ChangeName, details: Record<string, unknown> = {}): void {
  state.changes.push({ userId: id, kind: UserChangeKind[kind] });
  state.audit.push({ userId: id, action: `USER_${kind}`, actor, details });
}

export function endTokens(state: State, { id }: Person): void {
  state.tokens = state.tokens.filter(({ userId }) => userId !== id);
}

function hasOpenAccount({ accounts }: State, id: string): boolean {
  return accounts.some(({ userId, closed }) => userId === id && !closed);
}

/** All that is the user's alone goes with them. */
function remove(state: State, person: Person, gone: Person['gone']): void {
  const { id } = person;
  person.gone = gone;
  endTokens(state, person);
  state.follows = state.follows.filter(({ from, to }) => from !== id && to !== id);
  state.blocks = state.blocks.filter(({ from, to }) => from !== id && to !== id);
  const accountIds = state.accounts.filter(({ userId }) => userId === id).map((account) => account.id);
  state.accounts = state.accounts.filter(({ userId }) => userId !== id);
  const kept = Object.entries(state.movements).filter(([, { accountId }]) => !accountIds.includes(accountId));
  state.movements = Object.fromEntries(kept);
}

function withoutAddress(text: string): string {
  return text === actor ? 'unknown' : text;
}
