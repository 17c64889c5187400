import type { Queryable } from './queryable.ts';

/** What became of messages. */
export interface Settlement {
  readonly delivered: readonly bigint[];
  readonly failed: readonly FailedMessage[];
  /** Those that are tried no more. */
  readonly dead: readonly { readonly id: bigint; readonly error: string }[];
}

export interface FailedMessage {
  readonly id: bigint;
  readonly error: string;
  readonly retryInMs: number;
}

/** All of it in one transaction. */
export async function settleMessages(client: Queryable, { delivered, failed, dead }: Settlement): Promise<void> {
  await client.query(statement, [
    delivered.map(String),
    failed.map(({ id }) => String(id)),
    failed.map(({ error }) => error),
    failed.map(({ retryInMs }) => retryInMs),
    dead.map(({ id }) => String(id)),
    dead.map(({ error }) => error),
  ]);
}

const statement = `
  with delivered as (
    delete from users.outbox where id = any($1::bigint[])
  ), failed as (
    update users.outbox as message
    set attempts = attempts + 1,
        last_error = failure.error,
        next_attempt_time = now() + failure.retry_in_ms * interval '1 millisecond'
    from unnest($2::bigint[], $3::text[], $4::float8[]) as failure (id, error, retry_in_ms)
    where message.id = failure.id
  ), dead as (
    delete from users.outbox as message
    using unnest($5::bigint[], $6::text[]) as failure (id, error)
    where message.id = failure.id
    returning message.id, kind, lane, payload, attempts + 1 as attempts, failure.error, create_time
  )
  insert into users.dead_letters (id, kind, lane, payload, attempts, last_error, create_time)
  select id, kind, lane, payload, attempts, error, create_time from dead`;
