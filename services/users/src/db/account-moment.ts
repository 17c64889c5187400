import { IsolationLevel, type EntityManager } from '@mikro-orm/postgresql';
import type { AccountMoment } from '../domain/reconciliation.ts';
import { findAccount } from './find-account.ts';

interface Row {
  time_us: string;
  amount_minor: string;
  balance_after_minor: string;
  sequence: string;
}

/** The account and what of it is not delivered, as of one snapshot. */
export async function accountMoment(em: EntityManager, id: string): Promise<AccountMoment> {
  return em.transactional(
    async (tx) => {
      const account = await findAccount(tx, id);
      const rows = await tx.execute<Row[]>(statement, { id });
      const undelivered = rows.map((row) => ({
        time: Number(row.time_us),
        amountMinor: BigInt(row.amount_minor),
        balanceAfterMinor: BigInt(row.balance_after_minor),
        sequence: BigInt(row.sequence),
      }));
      return { account, undelivered };
    },
    { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
  );
}

const statement = `
  select
    payload ->> 'timeUs' as time_us,
    payload ->> 'amountMinor' as amount_minor,
    payload ->> 'balanceAfterMinor' as balance_after_minor,
    payload ->> 'sequence' as sequence
  from (
    select id, payload from users.dead_letters where kind = 'TRANSACTION' and lane = :id
    union all
    select id, payload from users.outbox where kind = 'TRANSACTION' and lane = :id
  ) as undelivered
  order by id`;
