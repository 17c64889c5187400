import { IsolationLevel, type EntityManager } from '@mikro-orm/postgresql';
import type { AccountMoment, ReconciliationQuery } from '../domain/reconciliation.ts';
import { findAccount } from './find-account.ts';

interface First {
  time_us: string;
  amount_minor: string;
  balance_after_minor: string;
  sequence: string;
}

interface Sums {
  count: string;
  sum: string;
}

/**
 * The account and what of it is not delivered, as of one snapshot. It is added up by the database: while the events
 * service is away it can be any number of transactions.
 */
export async function accountMoment(em: EntityManager, query: ReconciliationQuery): Promise<AccountMoment> {
  const { accountId: id, start, end } = query;
  return em.transactional(
    async (tx) => {
      const account = await findAccount(tx, id);
      const [first] = await tx.execute<First[]>(firstStatement, { id });
      const [sums] = await tx.execute<[Sums]>(sumsStatement, { id, start, end: end === Infinity ? null : end });
      return {
        account,
        firstUndelivered: first && {
          time: Number(first.time_us),
          amountMinor: BigInt(first.amount_minor),
          balanceAfterMinor: BigInt(first.balance_after_minor),
          sequence: BigInt(first.sequence),
        },
        undeliveredCount: BigInt(sums.count),
        undeliveredSumMinor: BigInt(sums.sum),
      };
    },
    { isolationLevel: IsolationLevel.REPEATABLE_READ, readOnly: true },
  );
}

const undelivered = (what: string): string => `
  select ${what} from users.dead_letters where kind = 'TRANSACTION' and lane = :id
  union all
  select ${what} from users.outbox where kind = 'TRANSACTION' and lane = :id`;

// Each part from the beginning of its index.
const firstOf = (table: string): string => `(
  select id, payload from users.${table} where kind = 'TRANSACTION' and lane = :id order by kind, lane, id limit 1
)`;

const firstStatement = `
  select
    payload ->> 'timeUs' as time_us,
    payload ->> 'amountMinor' as amount_minor,
    payload ->> 'balanceAfterMinor' as balance_after_minor,
    payload ->> 'sequence' as sequence
  from (${firstOf('dead_letters')} union all ${firstOf('outbox')}) as undelivered
  order by id
  limit 1`;

const sumsStatement = `
  select count(*)::text as count, coalesce(sum((payload ->> 'amountMinor')::bigint), 0)::text as sum
  from (${undelivered('payload')}) as undelivered
  where (payload ->> 'timeUs')::bigint >= :start::bigint
    and (:end::bigint is null or (payload ->> 'timeUs')::bigint < :end::bigint)`;
