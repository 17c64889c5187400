import type { OutboxKind, OutboxMessage } from '../domain/outbox.ts';
import type { Queryable } from './queryable.ts';

interface Row {
  id: string;
  lane: string;
  payload: Record<string, unknown>;
  attempts: number;
  create_time_us: string;
}

/**
 * The first messages of each lane, in order. A statement of its own after the one that took the lanes, so that it sees
 * what whoever had them before has deleted, or made a dead letter: then the lane stands still, and has none.
 */
export async function readLanes(
  client: Queryable,
  kind: OutboxKind,
  lanes: readonly string[],
  mostOfLane: number,
): Promise<OutboxMessage[]> {
  const { rows } = await client.query<Row>(statement, [kind, lanes, mostOfLane]);
  return rows.map(({ id, lane, payload, attempts, create_time_us }) => ({
    id: BigInt(id),
    kind,
    lane,
    payload,
    attempts,
    createTime: Number(create_time_us),
  }));
}

const statement = `
  select message.*
  from unnest($2::text[]) as taken (lane)
  cross join lateral (
    select id, lane, payload, attempts, (extract(epoch from create_time) * 1000000)::bigint as create_time_us
    from users.outbox
    where kind = $1 and lane = taken.lane
      and not exists (select from users.dead_letters as dead where dead.kind = $1 and dead.lane = taken.lane)
    order by id
    limit $3
  ) as message`;
