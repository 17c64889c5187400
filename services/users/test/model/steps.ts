import type { Timestamp } from '@tidemark/contracts';
import {
  BatchGetUsersRequest,
  ChangePasswordRequest,
  CloseAccountRequest,
  CountRelationshipsRequest,
  CreateUserRequest,
  DeleteUserRequest,
  EraseUserRequest,
  FollowRequest,
  GetAccountRequest,
  GetUserRequest,
  ListAccountsRequest,
  ListAuditEntriesRequest,
  ListDeadLettersRequest,
  ListFollowersRequest,
  ListUsersRequest,
  LookupUserRequest,
  MessageKind,
  OpenAccountRequest,
  PostTransactionRequest,
  ReconcileAccountRequest,
  RequestEmailVerificationRequest,
  RequestPasswordResetRequest,
  ResetPasswordRequest,
  RetryDeadLettersRequest,
  TransferRequest,
  UpdateUserRequest,
  UserState,
  VerifyEmailRequest,
  VerifyPasswordRequest,
} from '@tidemark/contracts/users';
import * as fc from 'fast-check';
import type { Method } from './model.ts';
import { emails, usernames } from './names.ts';
import type { Money, Person, State } from './state.ts';

/** What a step is made a request from: who "user 1" is, say. */
export interface Situation {
  readonly state: State;
  /** Of the run: it stands before all names. */
  readonly tag: string;
  /** When the run began. */
  readonly begin: Timestamp;
  /** A number that no step had before. */
  readonly fresh: number;
}

/** A call of a method, in words that mean something in any situation. */
export interface Step {
  readonly method: Method;
  readonly args: Readonly<Record<string, unknown>>;
  readonly request: (situation: Situation) => unknown;
  toString(): string;
}

type Values<A> = { [Name in keyof A]: A[Name] extends fc.Arbitrary<infer Value> ? Value : never };

function step<A extends Record<string, fc.Arbitrary<unknown>>>(
  weight: number,
  method: Method,
  args: A,
  request: (args: Values<A>, situation: Situation) => unknown,
): { weight: number; method: Method; arbitrary: fc.Arbitrary<Step> } {
  const arbitrary = fc.record(args).map((values) => ({
    method,
    args: values,
    request: (situation: Situation) => request(values as Values<A>, situation),
    toString: () => `${method}(${wordsOf(values)})`,
  }));
  return { weight, method, arbitrary };
}

function wordsOf(args: Record<string, unknown>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}: ${fc.stringify(value)}`)
    .join(', ');
}

const nobody = '00000000-0000-4000-8000-000000000000';

// Often the same, so that steps have to do with one another; the last are not there in the beginning.
const who = fc.constantFrom(0, 0, 0, 1, 1, 2, 3);
const whichAccount = fc.constantFrom(0, 0, 0, 1, 1, 2);
const etag = fc.constantFrom('none', 'none', 'current', 'stale');
const username = fc.constantFrom(...usernames.flat(), 'ab', 'Admin');
const email = fc.constantFrom(...emails.flat(), 'nobody');
const knownEmail = fc.constantFrom(...emails.flat());
const displayName = fc.constantFrom('', 'Ada', 'Someone');
const bio = fc.constantFrom('', 'likes tea');
const password = fc.constantFrom('seven purple walruses', 'cr\u00e8me au caramel', 'cre\u0300me au caramel', 'short');
const newPassword = fc.constantFrom('seven purple walruses', 'eight orange penguins', 'password1');
const repeat = fc.constantFrom('none', 'none', 'first', 'second');
const key = fc.constantFrom('new', 'new', 'new', 'first', 'second');
const amount = fc.constantFrom('1', '30', '-30', '100', '100', '-100', '-100', 'all', '0', '9223372036854775807');
const order = fc.constantFrom('', 'create_time desc', 'username', 'username desc');
const none = {};

const user = ({ people }: State, slot: number): Person | undefined => people[slot];
const userId = (state: State, slot: number): string => user(state, slot)?.id ?? nobody;
const account = ({ accounts }: State, slot: number): Money | undefined => accounts[slot];
const accountId = (state: State, slot: number): string => account(state, slot)?.id ?? nobody;

function etagFor(versioned: Person | Money | undefined, which: string): string {
  if (which === 'none') return '';
  if (which === 'current') return versioned?.etag ?? '';
  return versioned?.etags.findLast((one) => one !== versioned.etag) ?? 'made up';
}

/** Names of the run; those that are to be refused as they are. */
function named(text: string, tag: string): string {
  return text === 'ab' || text === 'Admin' || text === 'nobody' ? text : `${tag}${text}`;
}

function requestId(which: string, { tag }: Situation, method: number): string {
  const number = Number(tag.slice(1, -1)) * 100 + method * 10 + (which === 'first' ? 1 : 2);
  return which === 'none' ? '' : `00000000-0000-4000-9000-${number.toString(16).padStart(12, '0')}`;
}

function minor(which: string, balance = 0n): bigint {
  return which === 'all' ? balance : BigInt(which);
}

const keyOf = (which: string, { tag, fresh }: Situation): string => `${tag}${which === 'new' ? fresh : which}`;

const target = { who, etag };
const targetOf = ({ who: slot, etag: which }: { who: number; etag: string }, { state }: Situation) => ({
  id: userId(state, slot),
  etag: etagFor(user(state, slot), which),
});
const pair = { pair: fc.constantFrom('0 1', '0 1', '0 1', '1 0', '1 0', '0 2', '2 1', '0 0', '3 0') };
const pairOf = ({ pair: slots }: { pair: string }, { state }: Situation) => {
  const [from = '', to = ''] = slots.split(' ').map((slot) => userId(state, Number(slot)));
  return FollowRequest.fromPartial({ userId: from, otherId: to });
};
const pageOf = ({ who: slot }: { who: number }, { state }: Pick<Situation, 'state'>) =>
  ListFollowersRequest.fromPartial({ userId: userId(state, slot) });

const writes = [
  step(
    8,
    'createUser',
    { username, email, displayName, password: fc.oneof(fc.constant(''), password), repeat },
    (args, at) =>
      CreateUserRequest.fromPartial({
        user: {
          username: named(args.username, at.tag),
          email: named(args.email, at.tag),
          displayName: args.displayName,
        },
        password: args.password,
        requestId: requestId(args.repeat, at, 1),
      }),
  ),
  step(
    10,
    'updateUser',
    {
      ...{ ...target, username, email, displayName, bio },
      mask: fc.constantFrom(
        ['username'],
        ['email'],
        ['display_name', 'profile.bio'],
        ['profile'],
        ['*'],
        [],
        ['nonsense'],
      ),
    },
    (args, at) =>
      UpdateUserRequest.fromPartial({
        user: {
          ...targetOf(args, at),
          ...{ username: named(args.username, at.tag), email: named(args.email, at.tag) },
          ...{ displayName: args.displayName, profile: { bio: args.bio } },
        },
        updateMask: [...args.mask],
      }),
  ),
  step(4, 'deleteUser', target, (args, at) => DeleteUserRequest.fromPartial(targetOf(args, at))),
  step(4, 'undeleteUser', target, (args, at) => DeleteUserRequest.fromPartial(targetOf(args, at))),
  step(4, 'lockUser', target, (args, at) => DeleteUserRequest.fromPartial(targetOf(args, at))),
  step(4, 'unlockUser', target, (args, at) => DeleteUserRequest.fromPartial(targetOf(args, at))),
  step(3, 'eraseUser', target, (args, at) => EraseUserRequest.fromPartial(targetOf(args, at))),
  step(6, 'follow', pair, pairOf),
  step(3, 'unfollow', pair, pairOf),
  step(4, 'block', pair, pairOf),
  step(3, 'unblock', pair, pairOf),
  step(
    4,
    'openAccount',
    { who, currency: fc.constantFrom('EUR', 'EUR', 'USD', 'XYZ'), limit: fc.constantFrom('0', '-50', '1'), repeat },
    (args, at) =>
      OpenAccountRequest.fromPartial({
        ...{ userId: userId(at.state, args.who), currency: args.currency, limitMinor: BigInt(args.limit) },
        requestId: requestId(args.repeat, at, 2),
      }),
  ),
  step(5, 'closeAccount', { account: whichAccount, etag }, (args, { state }) =>
    CloseAccountRequest.fromPartial({
      id: accountId(state, args.account),
      etag: etagFor(account(state, args.account), args.etag),
    }),
  ),
  step(
    8,
    'postTransaction',
    { account: whichAccount, amount, key, kind: fc.constantFrom('deposit', 'deposit', 'deposit', 'deposit', '') },
    (args, at) =>
      PostTransactionRequest.fromPartial({
        accountId: accountId(at.state, args.account),
        amountMinor: minor(args.amount, -(account(at.state, args.account)?.balance ?? 0n)),
        ...{ idempotencyKey: keyOf(args.key, at), kind: args.kind, description: 'tea' },
      }),
  ),
  step(8, 'transfer', { from: whichAccount, to: whichAccount, amount, key }, (args, at) =>
    TransferRequest.fromPartial({
      ...{ fromAccountId: accountId(at.state, args.from), toAccountId: accountId(at.state, args.to) },
      amountMinor: minor(args.amount, account(at.state, args.from)?.balance),
      ...{ idempotencyKey: keyOf(args.key, at), description: 'rent' },
    }),
  ),
  step(3, 'changePassword', { who, password, newPassword }, (args, { state }) =>
    ChangePasswordRequest.fromPartial({
      ...{ userId: userId(state, args.who), currentPassword: args.password, newPassword: args.newPassword },
    }),
  ),
  step(3, 'resetPassword', { token: fc.nat({ max: 2 }), newPassword }, (args, { state }) =>
    ResetPasswordRequest.fromPartial({ token: state.issued[args.token] ?? 'made up', newPassword: args.newPassword }),
  ),
  step(3, 'verifyEmail', { token: fc.nat({ max: 2 }) }, (args, { state }) =>
    VerifyEmailRequest.fromPartial({ token: state.issued[args.token] ?? 'made up' }),
  ),
];

// One after another: what they lead to comes later, or is of everybody.
const alone = [
  step(2, 'purge', none, () => ({})),
  step(2, 'requestPasswordReset', { email: knownEmail }, (args, { tag }) =>
    RequestPasswordResetRequest.fromPartial({ email: named(args.email, tag) }),
  ),
  step(2, 'requestEmailVerification', { who }, (args, { state }) =>
    RequestEmailVerificationRequest.fromPartial({ userId: userId(state, args.who) }),
  ),
];

// Each by one look at the database, so that there is one moment at which the answer is right.
const reads = [
  step(2, 'getUser', { who }, (args, { state }) => GetUserRequest.fromPartial({ id: userId(state, args.who) })),
  step(2, 'lookupUser', { by: fc.constantFrom('username', 'email'), username, email }, (args, { tag }) =>
    LookupUserRequest.fromPartial({
      key:
        args.by === 'username'
          ? { $case: 'username', value: named(args.username, tag) }
          : { $case: 'email', value: named(args.email, tag) },
    }),
  ),
  step(1, 'batchGetUsers', { who, other: who }, (args, { state }) =>
    BatchGetUsersRequest.fromPartial({ ids: [userId(state, args.who), userId(state, args.other)] }),
  ),
  step(
    2,
    'listUsers',
    {
      states: fc.constantFrom([], [UserState.ACTIVE, UserState.LOCKED, UserState.DELETED], [UserState.DELETED]),
      order,
    },
    ({ states, order: orderBy }, { tag }) =>
      ListUsersRequest.fromPartial({ states: [...states], orderBy, usernamePrefix: tag.toUpperCase() }),
  ),
  step(2, 'getRelationship', pair, pairOf),
  step(2, 'getAccount', { account: whichAccount }, (args, { state }) =>
    GetAccountRequest.fromPartial({ id: accountId(state, args.account) }),
  ),
  step(2, 'listAccounts', { who }, (args, { state }) =>
    ListAccountsRequest.fromPartial({ userId: userId(state, args.who) }),
  ),
  step(
    3,
    'verifyPassword',
    { by: fc.constantFrom('id', 'username', 'email'), who, username, email: knownEmail, password },
    (args, at) => VerifyPasswordRequest.fromPartial({ user: keyFor(args, at), password: args.password }),
  ),
  step(2, 'listAuditEntries', { who }, (args, { state }) =>
    ListAuditEntriesRequest.fromPartial({ userId: userId(state, args.who), orderBy: 'time' }),
  ),
];

const money: readonly Method[] = [
  ...(['openAccount', 'closeAccount', 'postTransaction', 'transfer'] as const),
  ...(['lockUser', 'unlockUser', 'deleteUser', 'eraseUser'] as const),
];

const pages = [
  step(1, 'countRelationships', { who }, (args, { state }) =>
    CountRelationshipsRequest.fromPartial({ userId: userId(state, args.who) }),
  ),
  step(2, 'listFollowers', { who }, pageOf),
  step(2, 'listFollowing', { who }, pageOf),
  step(2, 'listBlocked', { who }, pageOf),
];

function keyFor(
  args: { by: string; who: number; username: string; email: string },
  { state, tag }: Situation,
): NonNullable<VerifyPasswordRequest['user']> {
  if (args.by === 'id') return { $case: 'id', value: userId(state, args.who) };
  return args.by === 'username'
    ? { $case: 'username', value: named(args.username, tag) }
    : { $case: 'email', value: named(args.email, tag) };
}

// Those that get in each other's way.
const themes = [
  ['createUser', 'updateUser', 'deleteUser', 'undeleteUser', 'lockUser', 'unlockUser', 'getUser', 'lookupUser'],
  ['follow', 'unfollow', 'block', 'unblock', 'getRelationship', 'deleteUser', 'undeleteUser', 'eraseUser'],
  ['openAccount', 'closeAccount', 'postTransaction', 'transfer', 'getAccount', 'lockUser', 'unlockUser', 'eraseUser'],
  ['changePassword', 'resetPassword', 'verifyEmail', 'verifyPassword', 'updateUser', 'lockUser'],
];

/** Steps of all kinds, and of one theme. */
export const stepsOf = [
  fc.oneof(...[...writes, ...alone, ...reads, ...pages]),
  ...themes.map((methods) => fc.oneof(...ofTheme([...writes, ...reads, ...pages], methods))),
];

/** Steps that are taken at once. */
export const stepsAtOnce = fc.oneof(
  atOnce([...writes, ...reads]),
  ...themes.map((methods) => atOnce(ofTheme([...writes, ...reads], methods))),
);

function ofTheme(steps: ReturnType<typeof step>[], methods: readonly string[]): ReturnType<typeof step>[] {
  return steps.filter(({ method }) => methods.includes(method));
}

function atOnce(steps: ReturnType<typeof step>[]): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...steps), { minLength: 2, maxLength: 4, size: 'max' });
}

/** What every run begins with: three users, two of them with a password and an account. */
export const beginning: readonly Step[] = [
  ...['ada', 'kim', 'strasse'].map((name, slot) =>
    plain('createUser', ({ tag }) =>
      CreateUserRequest.fromPartial({
        user: { username: `${tag}${name}`, email: `${tag}${emails[slot]?.[0] ?? ''}` },
        password: slot === 2 ? '' : 'seven purple walruses',
      }),
    ),
  ),
  ...[
    { owner: 0, currency: 'EUR', limitMinor: 0n },
    { owner: 1, currency: 'EUR', limitMinor: -50n },
  ].map(({ owner, ...values }) =>
    plain('openAccount', ({ state }) => OpenAccountRequest.fromPartial({ userId: userId(state, owner), ...values })),
  ),
  plain('postTransaction', ({ state, tag }) =>
    PostTransactionRequest.fromPartial({
      ...{ accountId: accountId(state, 0), amountMinor: 100n, idempotencyKey: `${tag}begin`, kind: 'deposit' },
    }),
  ),
];

/** A step after which there may be something to deliver to the events service, or less of it. */
export const stepOfMoney = fc.oneof(...writes.filter(({ method }) => money.includes(method)), ...alone.slice(0, 1));

/** How each account stands to its history, and that nothing is left to tell. */
export function histories({ accounts }: State): readonly Step[] {
  const each = accounts.map(({ id }) => plain('reconcileAccount', () => ReconcileAccountRequest.fromPartial({ id })));
  const deadLetters = ListDeadLettersRequest.fromPartial({});
  return [
    ...each,
    plain('getOutbox', () => ({})),
    plain('listDeadLetters', () => deadLetters),
    plain('retryDeadLetters', () => RetryDeadLettersRequest.fromPartial({ kind: MessageKind.TRANSACTION })),
  ];
}

/** The changes of users since the last look. */
export const look = plain('watchUsers', (situation) => ({ known: knownTo(situation) }));

/** All that there is, as it can be read. */
export function everything({ people }: State): readonly Step[] {
  const states = [UserState.ACTIVE, UserState.LOCKED, UserState.DELETED];
  return [
    look,
    plain('listUsers', ({ tag }) => ListUsersRequest.fromPartial({ states, usernamePrefix: tag, ...whole })),
    plain('listAuditEntries', (situation) => ({
      ...ListAuditEntriesRequest.fromPartial({ start: situation.begin, orderBy: 'time', ...whole }),
      known: knownTo(situation),
    })),
    ...people.flatMap((_, slot) => [
      plain('listFollowing', ({ state }) => ({ ...pageOf({ who: slot }, { state }), ...whole })),
      plain('listBlocked', ({ state }) => ({ ...pageOf({ who: slot }, { state }), ...whole })),
      plain('listAccounts', ({ state }) => ListAccountsRequest.fromPartial({ userId: userId(state, slot), ...whole })),
    ]),
  ];
}

const whole = { pageSize: 1_000 };

function knownTo({ state }: Situation): string[] {
  return state.people.map(({ id }) => id);
}

function plain(method: Method, request: Step['request']): Step {
  return { method, args: {}, request };
}
