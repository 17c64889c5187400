import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import type { Account } from '../domain/account.ts';
import { AccountClosed, AccountEtagMismatch, AccountNotFound, BalanceNotZero } from '../domain/account-errors.ts';
import type { Micros } from '../domain/clock.ts';
import { etagOf } from '../domain/etag.ts';
import { AccountEntity, accountOf } from './account-entity.ts';
import { recordAudit } from './record-audit.ts';

/** Closes an account that has no balance. @param etag the one that it must have; empty: any */
export async function closeAccount(
  em: EntityManager,
  { id, etag }: { id: string; etag: string },
  { actor, now }: { actor: string; now: Micros },
): Promise<Account> {
  return em.transactional(async (tx) => {
    // Money that moves at the same time moves before or after.
    const row = await tx.findOne(AccountEntity, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!row) throw new AccountNotFound(id);
    if (row.state === 'CLOSED') throw new AccountClosed(id);
    if (etag !== '' && etag !== etagOf(row)) throw new AccountEtagMismatch(id);
    if (row.balanceMinor !== 0n) throw new BalanceNotZero(id);
    const closeTime = Math.max(now, row.updateTime + 1);
    tx.assign(row, { state: 'CLOSED', revision: row.revision + 1n, updateTime: closeTime, closeTime });
    await tx.flush();
    const audited = { time: closeTime, actor, action: 'ACCOUNT_CLOSED', userId: row.user } as const;
    await recordAudit(tx, { ...audited, details: { account_id: id } });
    return accountOf(row);
  });
}
