import type { AbstractSqlConnection, DatabaseSchema, SchemaDifference, Transaction } from '@mikro-orm/postgresql';
import { isSameQuery } from '../catalog/same-query.ts';
import { spellQuery } from '../catalog/spell-query.ts';
import { renamedColumns } from '../diff/plan.ts';
import { isSpelled, querySql } from '../sql/aggregate.ts';
import type { Target } from '../sql/target.ts';
import { isRemoved, withSourceNames, type Aggregate, type AggregateState } from '../state/aggregate-state.ts';
import { aggregatesOf, hypertableOf, setHypertable } from '../state/on-table.ts';
import { targetOf } from '../state/target-of.ts';

/**
 * The catalog holds the query of an aggregate as PostgreSQL spells it. Where it spells the model's in the same way
 * but for the order of columns, what was found gets the model's query, so that the two can be compared.
 *
 * @param from as read from the database
 */
export async function matchAggregates(
  connection: AbstractSqlConnection,
  from: DatabaseSchema,
  to: DatabaseSchema,
  difference: SchemaDifference,
  functions: string,
): Promise<void> {
  for (const table of to.getTables()) {
    const wanted = aggregatesOf(table);
    const before = from.getTable(table.getShortestName(false));
    const hypertable = hypertableOf(before);
    if (!before || !hypertable || wanted.length === 0) continue;
    const old = new Map(
      [...renamedColumns(difference.changedTables[table.getShortestName(false)])].map(([from, to]) => [to, from]),
    );
    const target: Target = { ...targetOf(table, functions), schema: table.schema };
    const found = aggregatesOf(before);
    const matched = await matchFound(connection, target, found, wanted, old);
    const absent = wanted.filter((each) => isRemoved(each) && !found.some(({ view }) => view === each.view));
    setHypertable(before, hypertable, [...matched, ...absent]);
  }
}

/**
 * The same for the aggregates of one hypertable.
 *
 * @param oldNames of its columns, by the names that they get
 */
export async function matchFound(
  connection: AbstractSqlConnection,
  hypertable: Target,
  found: readonly Aggregate[],
  wanted: readonly Aggregate[],
  oldNames: ReadonlyMap<string, string> = new Map(),
  ctx?: Transaction,
): Promise<Aggregate[]> {
  const matched: Aggregate[] = [];
  for (const each of found) matched.push(await matchOne(connection, hypertable, each, wanted, oldNames, ctx));
  return matched;
}

async function matchOne(
  connection: AbstractSqlConnection,
  hypertable: Target,
  found: Aggregate,
  wanted: readonly Aggregate[],
  oldNames: ReadonlyMap<string, string>,
  ctx?: Transaction,
): Promise<Aggregate> {
  const model = wanted.find(({ view }) => view === found.view);
  if (isRemoved(found) || !model || isRemoved(model) || !isSpelled(found.query)) return found;
  const query = model.source === hypertable.table ? withSourceNames(model.query, oldNames) : model.query;
  if (isSpelled(query)) return found;
  const spelled = await spellQuery(connection, querySql(query, { ...hypertable, table: model.source }), ctx);
  const isSame = spelled !== undefined && isSameQuery(spelled, found.query.spelled);
  return isSame ? ({ ...found, query } satisfies AggregateState) : found;
}
