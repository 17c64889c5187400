import { withConnection } from '@tidemark/grpc-kit/postgres';
import type { Ledger, SentTransfer } from './ledger.ts';

/** An account, and what the history says of it. */
export interface AccountRow {
  id: string;
  balance: string;
  sequence: string;
  count: string;
  distinct_ids: string;
  distinct_sequences: string;
  last_sequence: string;
  sum: string;
  last_balance: string;
  out_of_line: string;
}

/** What PostgreSQL says of the money, against what must be there. */
export async function checkMoney(
  databaseUrl: string,
  ledger: Ledger,
  total: bigint,
): Promise<{ deviations: string[]; delivered: number }> {
  return withConnection({ connectionString: databaseUrl }, async (client) => {
    const { rows: accounts } = await client.query<AccountRow>(accountsAndHistories);
    const { rows: keys } = await client.query<{ key: string }>('select key from users.idempotency_keys');
    const { rows: ids } = await client.query<{ id: string }>(
      `select id from events.transactions where kind = 'transfer'`,
    );
    const { rows: left } = await client.query<{ count: number }>(
      'select (select count(*) from users.outbox)::int + (select count(*) from users.dead_letters)::int as count',
    );
    const deviations = [
      ...checkTotal(accounts, total),
      ...accounts.flatMap(checkAccount),
      ...checkTransfers(
        ledger,
        new Set(keys.map(({ key }) => key)),
        ids.map(({ id }) => id),
      ),
      ...(left[0]?.count === 0 ? [] : [`${left[0]?.count ?? 0} messages are left in the outbox`]),
    ];
    return { deviations, delivered: accounts.reduce((sum, { count }) => sum + Number(count), 0) };
  });
}

export function checkTotal(accounts: readonly Pick<AccountRow, 'balance'>[], total: bigint): string[] {
  const sum = accounts.reduce((soFar, { balance }) => soFar + BigInt(balance), 0n);
  return sum === total ? [] : [`the accounts hold ${sum}, and ${total} was paid in`];
}

export function checkAccount(account: AccountRow): string[] {
  const { id, balance, sequence } = account;
  const must = (what: string, has: string, expected: string): string[] =>
    has === expected ? [] : [`account ${id}: ${what} is ${has}, and must be ${expected}`];
  return [
    ...must('the number of transactions in the history', account.count, sequence),
    ...must('the number of their ids', account.distinct_ids, sequence),
    ...must('the number of their sequences', account.distinct_sequences, sequence),
    ...must('the last sequence', account.last_sequence, sequence),
    ...must('the sum of the history', account.sum, balance),
    ...must('the last balance of the history', account.last_balance, balance),
    ...must('the number of transactions that do not follow from the one before', account.out_of_line, '0'),
  ];
}

/** Every acknowledged transfer is there, with both sides, and there is none that nobody sent. */
export function checkTransfers(ledger: Ledger, keys: ReadonlySet<string>, ids: readonly string[]): string[] {
  const sent = new Map(ledger.transfers.map((transfer) => [transfer.idempotencyKey, transfer]));
  const stored = new Set(ids);
  const madeByTransfers = [...keys].filter((key) => sent.has(key)).length;
  return [
    ...ledger.transfers.flatMap((transfer) => checkTransfer(transfer, keys, stored)),
    ...(ids.length === 2 * madeByTransfers && stored.size === ids.length
      ? []
      : [`${ids.length} transactions of ${madeByTransfers} transfers, of ${stored.size} ids`]),
    ...[...keys].filter((key) => !sent.has(key) && !key.startsWith('opening')).map((key) => `nobody sent "${key}"`),
  ];
}

function checkTransfer(
  { idempotencyKey, answer, sent }: SentTransfer,
  keys: ReadonlySet<string>,
  stored: ReadonlySet<string>,
): string[] {
  if (answer === undefined) return [`"${idempotencyKey}" was never answered`];
  // One that was sent before, whose answer was lost, may have come through behind the refusal.
  if (answer === 'refused') {
    return sent === 1 && keys.has(idempotencyKey) ? [`"${idempotencyKey}" was refused and made`] : [];
  }
  const sides = [answer.fromTransaction?.id ?? '', answer.toTransaction?.id ?? ''];
  return keys.has(idempotencyKey) && sides.every((id) => stored.has(id))
    ? []
    : [`"${idempotencyKey}" was acknowledged and is not there`];
}

const accountsAndHistories = `
  with history as (
    select
      account_id,
      id,
      sequence,
      amount_minor,
      balance_after_minor,
      time > coalesce(lag(time) over line, '-infinity')
        and sequence = coalesce(lag(sequence) over line, 0) + 1
        and balance_after_minor = coalesce(lag(balance_after_minor) over line, 0) + amount_minor as in_line
    from events.transactions
    window line as (partition by account_id order by sequence, time, id)
  )
  select
    account.id,
    balance_minor as balance,
    account.sequence,
    count(history.id) as count,
    count(distinct history.id) as distinct_ids,
    count(distinct history.sequence) as distinct_sequences,
    coalesce(max(history.sequence), 0) as last_sequence,
    coalesce(sum(amount_minor), 0) as sum,
    coalesce((array_agg(balance_after_minor order by history.sequence desc))[1], 0) as last_balance,
    count(*) filter (where not in_line) as out_of_line
  from users.accounts as account
  left join history on history.account_id = account.id
  group by account.id
  order by account.id`;
