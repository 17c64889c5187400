import type { EntityManager } from '@mikro-orm/postgresql';
import { identifier } from '../sql/target.ts';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { boundSql, type Bound } from './bound.ts';
import { NotThere, TransactionOpen } from './faults.ts';
import { hypertableAt, needsCommunity, sessionOf, spelled } from './session.ts';

/** The part of a continuous aggregate to refresh; a bound that is absent is none. */
export interface RefreshWindow {
  from?: Bound;
  /** Exclusive. Buckets that lie only partly within the window are left out. */
  to?: Bound;
  /** Also what counts as up to date. */
  force?: boolean;
}

/**
 * Refreshes on a connection of its own, outside of any transaction: TimescaleDB commits in between.
 *
 * @throws TransactionOpen, NotThere, InvalidBound, NoTimescale, MissingFeature
 */
export async function refresh(em: EntityManager, name: QualifiedName, window: RefreshWindow): Promise<void> {
  const work = `refresh() of ${spelled(name)}`;
  if (em.isInTransaction()) throw new TransactionOpen(work);
  const session = await sessionOf(em, work);
  needsCommunity(session, spelled(name), 'refresh()');
  const aggregate = await hypertableAt(session, name);
  if (!aggregate.aggregate) {
    throw new NotThere(`${spelled(name)} is a hypertable, no continuous aggregate`, 'name the view to refresh()');
  }
  const bounds = (['from', 'to'] as const).map((option) => {
    const bound = window[option];
    return bound === undefined ? { sql: 'NULL', values: [] } : single(boundSql(aggregate, option, bound));
  });
  const args = ['CAST(? AS regclass)', ...bounds.map(({ sql }) => sql), ...(window.force ? ['force => true'] : [])];
  await session.connection.execute(
    `CALL ${identifier(session.functions)}.refresh_continuous_aggregate(${args.join(', ')})`,
    [`${identifier(name.schema)}.${identifier(name.name)}`, ...bounds.flatMap(({ values }) => values)],
    'run',
  );
}

function single({ sql, value }: { sql: string; value: string | number }): { sql: string; values: (string | number)[] } {
  return { sql, values: [value] };
}
