import type { EntityManager } from '@mikro-orm/postgresql';
import { sqlStateOf } from '@tidemark/grpc-kit';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Account, Transaction } from '../domain/account.ts';
import {
  AccountClosed,
  AccountNotFound,
  BalanceTooHigh,
  BalanceTooLow,
  CurrenciesDiffer,
  IdempotencyKeyReused,
  UserLocked,
} from '../domain/account-errors.ts';
import type { AuditAction } from '../domain/audit-entry.ts';
import type { Micros } from '../domain/clock.ts';
import { movementFingerprint, type Movement } from '../domain/movement.ts';
import { UserDeleted } from '../domain/user-errors.ts';
import { uuidv7 } from '../domain/uuid.ts';
import { accountConstraints } from './account-entity.ts';
import { MicrosType } from './micros-type.ts';

export interface MoveOptions {
  /** Who moves it. */
  readonly actor: string;
  readonly action: AuditAction;
  readonly now: Micros;
}

/** What a movement did to one account: the account right after it, and the transaction. */
export interface Moved {
  readonly account: Account;
  readonly transaction: Transaction;
}

/** Moves money, with all that belongs to it, or returns what the first movement with this key did: a leg each. */
export async function moveMoney(em: EntityManager, movement: Movement, options: MoveOptions): Promise<Moved[]> {
  const values = valuesOf(movement, options);
  const rows = await withOneKey(() => triedAgain(() => em.execute<Row[]>(statement, values)));
  const [{ result, subject, outcome, accounts }] = rows as [Row];
  if (result !== 'MOVED' && result !== 'REPEATED') throw refusalOf(result, subject ?? '');
  return movement.legs.map((leg, place) =>
    movedOf(movement, leg, outcome?.[place] as Outcome, accounts?.[place] as Known),
  );
}

type Refusal = 'NOT_FOUND' | 'CLOSED' | 'USER_LOCKED' | 'USER_DELETED' | 'CURRENCIES_DIFFER' | 'KEY_REUSED';

interface Row {
  result: 'MOVED' | 'REPEATED' | Refusal;
  /** Whom a refusal is about. */
  subject: string | null;
  /** By leg, */
  outcome: Outcome[] | null;
  /** and of its account what never changes. */
  accounts: Known[] | null;
}

// What has 64 bits is text: JSON's numbers have fewer.
type Outcome = Record<'transactionId' | 'timeUs' | 'balanceAfterMinor' | 'sequence' | 'revision', string>;
type Fixed = Record<'userId' | 'currency' | 'limitMinor' | 'createTimeUs', string>;
/** All null for an account that was removed with its user. */
type Known = Fixed | Record<keyof Fixed, null>;

const statement = `
  select * from users.move_money(
    :key, :fingerprint, :actor, :action, :time, :kind, :description,
    :accountIds::uuid[], :amounts::bigint[], :transactionIds::uuid[]
  )`;

const time = new MicrosType();

function valuesOf(movement: Movement, { actor, action, now }: MoveOptions): Record<string, unknown> {
  const { idempotencyKey, kind, description, legs } = movement;
  const listOf = (values: readonly unknown[]): string => `{${values.join()}}`;
  return {
    key: idempotencyKey,
    fingerprint: movementFingerprint(movement),
    actor,
    action,
    time: time.convertToDatabaseValue(now),
    kind,
    description,
    accountIds: listOf(legs.map(({ accountId }) => accountId)),
    amounts: listOf(legs.map(({ amountMinor }) => amountMinor)),
    transactionIds: listOf(legs.map(() => uuidv7(Math.floor(now / 1_000)))),
  };
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const numericValueOutOfRange = '22003';

/** Two movements of other accounts under one key lock nothing of each other: the later finds out when it writes the key. */
async function withOneKey<T>(move: () => Promise<T>): Promise<T> {
  try {
    return await move();
  } catch (cause) {
    const { constraint } = cause as { constraint?: string };
    if (constraint === accountConstraints.idempotencyKey) return move();
    if (constraint === accountConstraints.balance) throw new BalanceTooLow({ cause });
    if (sqlStateOf(cause) === numericValueOutOfRange) throw new BalanceTooHigh({ cause });
    throw cause;
  }
}

function refusalOf(result: Refusal, subject: string): Error {
  switch (result) {
    case 'NOT_FOUND':
      return new AccountNotFound(subject);
    case 'CLOSED':
      return new AccountClosed(subject);
    case 'USER_LOCKED':
      return new UserLocked(subject);
    case 'USER_DELETED':
      return new UserDeleted(subject);
    case 'CURRENCIES_DIFFER':
      return new CurrenciesDiffer();
    case 'KEY_REUSED':
      return new IdempotencyKeyReused();
  }
}

function movedOf(
  { kind, description }: Movement,
  leg: Movement['legs'][number],
  outcome: Outcome,
  fixed: Known,
): Moved {
  const { accountId, amountMinor } = leg;
  if (fixed.userId === null) throw new AccountNotFound(accountId);
  const { userId, currency } = fixed;
  const common = { userId, currency, sequence: BigInt(outcome.sequence) };
  const at = Number(outcome.timeUs);
  const balance = BigInt(outcome.balanceAfterMinor);
  return {
    account: {
      ...common,
      id: accountId,
      balanceMinor: balance,
      limitMinor: BigInt(fixed.limitMinor),
      state: 'OPEN',
      revision: BigInt(outcome.revision),
      createTime: Number(fixed.createTimeUs),
      updateTime: at,
      closeTime: null,
    },
    transaction: {
      ...common,
      id: outcome.transactionId,
      time: at,
      accountId,
      amountMinor,
      kind,
      description,
      balanceAfterMinor: balance,
    },
  };
}
