import { defineEntity, p, type InferEntity } from '@mikro-orm/postgresql';
import type { Account, AccountState } from '../domain/account.ts';
import { MicrosType } from './micros-type.ts';
import { UserEntity } from './user-entity.ts';

/** The names of the constraints that say why an account cannot be as it should. */
export const accountConstraints = {
  balance: 'accounts_balance_check',
  openRequestId: 'accounts_open_request_id_unique',
  idempotencyKey: 'idempotency_keys_pkey',
} as const;

/** A row of users.accounts. */
export const AccountEntity = defineEntity({
  name: 'Account',
  schema: 'users',
  tableName: 'accounts',
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(UserEntity).mapToPk().updateRule('no action').deleteRule('restrict').index(false),
    currency: p.text(),
    balanceMinor: p.bigint().defaultRaw('0'),
    limitMinor: p.bigint().defaultRaw('0'),
    sequence: p.bigint().defaultRaw('0'),
    state: p.text().$type<AccountState>(),
    revision: p.bigint().defaultRaw('1'),
    openRequestId: p.uuid().nullable().unique(accountConstraints.openRequestId),
    openFingerprint: p.text().nullable(),
    createTime: p.type(MicrosType),
    updateTime: p.type(MicrosType),
    closeTime: p.type(MicrosType).nullable(),
  },
  indexes: [{ name: 'accounts_user', properties: ['user', 'createTime', 'id'] }],
  checks: [
    { name: 'accounts_currency_check', expression: `currency ~ '^[A-Z]{3}$'` },
    { name: 'accounts_state_check', expression: `state in ('OPEN', 'CLOSED')` },
    { name: 'accounts_limit_check', expression: 'limit_minor <= 0' },
    { name: accountConstraints.balance, expression: 'balance_minor >= limit_minor' },
    { name: 'accounts_close_time_check', expression: `(state = 'CLOSED') = (close_time is not null)` },
    { name: 'accounts_closed_balance_check', expression: `state = 'OPEN' or balance_minor = 0` },
  ],
});

/** A row of users.idempotency_keys: what a movement of money did, under the key that its caller gave it. */
export const IdempotencyKeyEntity = defineEntity({
  name: 'IdempotencyKey',
  schema: 'users',
  tableName: 'idempotency_keys',
  properties: {
    key: p.text().collation('C').primary(),
    account: () => p.manyToOne(AccountEntity).mapToPk().updateRule('no action').deleteRule('restrict').index(false),
    fingerprint: p.text(),
    outcome: p.json<readonly Record<string, string>[]>(),
    createTime: p.type(MicrosType),
  },
  indexes: [{ name: 'idempotency_keys_account', properties: ['account'] }],
});

export type AccountRow = InferEntity<typeof AccountEntity>;

export function accountOf(row: AccountRow): Account {
  return {
    id: row.id,
    userId: row.user,
    currency: row.currency,
    balanceMinor: row.balanceMinor,
    limitMinor: row.limitMinor,
    sequence: row.sequence,
    state: row.state,
    revision: row.revision,
    createTime: row.createTime,
    updateTime: row.updateTime,
    closeTime: row.closeTime ?? null,
  };
}
