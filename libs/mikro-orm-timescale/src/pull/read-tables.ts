import { DatabaseSchema, type DatabaseTable, type EntityManager } from '@mikro-orm/postgresql';
import { readHypertables } from '../catalog/read-hypertables.ts';
import type { Session } from '../live/session.ts';
import { isRemoved, type AggregateState } from '../state/aggregate-state.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import { aggregatesOf, hypertableOf } from '../state/on-table.ts';

export interface FoundTable {
  schema: string;
  table: DatabaseTable;
  state: HypertableState;
  /** Each after those that it reads. */
  aggregates: AggregateState[];
}

/** The hypertables with all that stands on them. */
export async function readTables(em: EntityManager, { connection }: Session): Promise<FoundTable[]> {
  const names = (await readHypertables(connection)).map(({ table }) => table);
  if (names.length === 0) return [];
  const all = await DatabaseSchema.create(connection, em.getPlatform(), em.config, undefined, undefined, names);
  return all.getTables().flatMap((table) => {
    const state = hypertableOf(table);
    const aggregates = aggregatesOf(table).filter((each): each is AggregateState => !isRemoved(each));
    return state ? [{ schema: table.schema ?? '', table, state, aggregates }] : [];
  });
}
