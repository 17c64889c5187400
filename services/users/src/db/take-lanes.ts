import type { OutboxKind } from '../domain/outbox.ts';
import type { Queryable } from './queryable.ts';

export interface Lanes {
  /** Those that are this connection's alone until `releaseLanes`. */
  readonly taken: readonly string[];
  /** Where to look on; undefined: there are no others that are due. */
  readonly next: string | undefined;
}

/**
 * Takes lanes whose first message is due, but those that others have and those that stand still for a dead letter. They
 * are held by advisory locks of the session, so that no transaction is open while a message is on its way, and a
 * connection that ends gives them back.
 * @param after looks behind this lane; empty: from the first on
 */
export async function takeLanes(client: Queryable, kind: OutboxKind, after: string, limit: number): Promise<Lanes> {
  const { rows } = await client.query<{ lane: string; taken: boolean }>(take, [kind, after, limit]);
  return {
    taken: rows.filter(({ taken }) => taken).map(({ lane }) => lane),
    next: rows.length < limit ? undefined : rows.at(-1)?.lane,
  };
}

export async function releaseLanes(client: Queryable, kind: OutboxKind, lanes: readonly string[]): Promise<void> {
  await client.query(release, [kind, lanes]);
}

// Two lanes of one number are never taken by two at once, which costs a moment and no more.
const lockNumber = `hashtextextended($1 || ' ' || lane, 7204051996)`;

// The index is entered once a lane, however long the lanes are. `due` is materialized, so that only what it lets through
// is locked; the recursion goes no further than `limit` asks.
const take = `
  with recursive heads as (
    (
      select lane, next_attempt_time from users.outbox where kind = $1 and lane > $2 order by lane, id limit 1
    )
    union all
    select next.lane, next.next_attempt_time
    from heads
    cross join lateral (
      select lane, next_attempt_time from users.outbox where kind = $1 and lane > heads.lane order by lane, id limit 1
    ) as next
  ), due as materialized (
    select lane
    from heads
    where next_attempt_time <= now()
      and not exists (
        select from users.dead_letters as dead where dead.kind = $1 and dead.lane = heads.lane
      )
    limit $3
  )
  select lane, pg_try_advisory_lock(${lockNumber}) as taken from due`;

const release = `select pg_advisory_unlock(${lockNumber}) from unnest($2::text[]) as lane`;
