import type pg from 'pg';
import type { StoredTransaction } from '../domain/transaction.ts';
import type { TransactionList } from '../domain/transaction-list.ts';
import type { TransactionOwner } from '../domain/transaction-owner.ts';
import { Parameters } from './filter-sql.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';
import { transactionColumns, transactionOfRow, type TransactionRow } from './transaction-row.ts';

/** A page of transactions and whether there are more after it. */
export async function listTransactions(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: TransactionList,
): Promise<{ transactions: StoredTransaction[]; more: boolean }> {
  const parameters = new Parameters();
  const direction = asked.descending ? 'DESC' : 'ASC';
  const statement = `
    SELECT ${transactionColumns}
    FROM events.transactions
    WHERE ${ownerSql(asked.of, parameters)}
      AND time >= ${parameters.add(timestamptz(asked.range.start))}::timestamptz
      AND time < ${parameters.add(timestamptz(asked.range.end))}::timestamptz
      ${afterSql(asked, parameters)}
    ORDER BY time ${direction}, sequence ${direction}, id ${direction}
    LIMIT ${parameters.add(asked.pageSize + 1)}`;
  const rows = await query<TransactionRow>(pool, signal, statement, parameters.values);
  return { transactions: rows.slice(0, asked.pageSize).map(transactionOfRow), more: rows.length > asked.pageSize };
}

function ownerSql(of: TransactionOwner, parameters: Parameters): string {
  if ('accountId' in of) return `account_id = ${parameters.add(of.accountId)}::uuid`;
  return `user_id = ${parameters.add(of.userId)}::uuid`;
}

// The comparison of time alone says nothing new, but lets TimescaleDB leave out chunks, which a row's does not.
function afterSql({ after, descending }: TransactionList, parameters: Parameters): string {
  if (!after) return '';
  const time = `${parameters.add(timestamptz(after.time))}::timestamptz`;
  const sequence = `${parameters.add(String(after.sequence))}::bigint`;
  const id = `${parameters.add(after.id)}::uuid`;
  return descending
    ? `AND time <= ${time} AND (time, sequence, id) < (${time}, ${sequence}, ${id})`
    : `AND time >= ${time} AND (time, sequence, id) > (${time}, ${sequence}, ${id})`;
}
