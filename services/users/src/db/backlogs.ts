import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import { outboxKinds, type OutboxKind } from '../domain/outbox.ts';

/** How much of a kind is not delivered. */
export interface Backlog {
  readonly kind: OutboxKind;
  readonly waiting: number;
  readonly oldestTime: Micros | undefined;
  readonly failing: number;
  readonly dead: number;
}

interface Row {
  kind: OutboxKind;
  waiting: number;
  oldest_us: string | null;
  failing: number;
  dead: number;
}

/** One for each kind. */
export async function backlogs(em: EntityManager): Promise<Backlog[]> {
  const rows = await em.execute<Row[]>(statement, { kinds: `{${outboxKinds.join()}}` });
  return rows.map(({ kind, waiting, oldest_us, failing, dead }) => ({
    kind,
    waiting,
    oldestTime: oldest_us === null ? undefined : Number(oldest_us),
    failing,
    dead,
  }));
}

const statement = `
  select kind, outbox.*, dead_letters.*
  from unnest(:kinds::text[]) with ordinality as each (kind, place)
  cross join lateral (
    select
      count(*)::int as waiting,
      (extract(epoch from min(create_time)) * 1000000)::bigint as oldest_us,
      count(*) filter (where attempts > 0)::int as failing
    from users.outbox where outbox.kind = each.kind
  ) as outbox
  cross join lateral (
    select count(*)::int as dead from users.dead_letters where dead_letters.kind = each.kind
  ) as dead_letters
  order by place`;
