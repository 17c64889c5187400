import { AccountState, type Account, type AccountTransaction } from '@tidemark/contracts/users';
import { timestampOf } from '@tidemark/grpc-kit';
import type * as domain from '../domain/account.ts';
import { etagOf } from '../domain/etag.ts';

export function accountMessage(account: domain.Account): Account {
  return {
    id: account.id,
    userId: account.userId,
    currency: account.currency,
    balanceMinor: account.balanceMinor,
    limitMinor: account.limitMinor,
    sequence: account.sequence,
    state: AccountState[account.state],
    etag: etagOf(account),
    createTime: timestampOf(account.createTime),
    updateTime: timestampOf(account.updateTime),
    closeTime: account.closeTime === null ? undefined : timestampOf(account.closeTime),
  };
}

export function transactionMessage({ time, ...transaction }: domain.Transaction): AccountTransaction {
  return { ...transaction, time: timestampOf(time) };
}
