import { isDeepStrictEqual } from 'node:util';
import type { NamingStrategy } from '@mikro-orm/postgresql';
import { parseBucket } from '../catalog/parse-bucket.ts';
import { name, parseQuery, unquoted } from '../catalog/parse-query.ts';
import { canonicalValue, isSameQuery } from '../catalog/same-query.ts';
import type { AggregateBucket } from '../definition/aggregate-options.ts';
import type { AggregateQuery } from '../state/aggregate-state.ts';
import { bucketOf } from './pulled-bucket.ts';
import { Unspeakable } from './policy-source.ts';
import type { PulledEntity } from './pulled-entities.ts';
import type { SourceColumns } from './raw-source.ts';
import { guessSelections, type SelectionGuess } from './selection-source.ts';
import { quoted } from './typescript.ts';

/** What `continuousAggregate()` takes to make the same query. */
export interface PulledQuery {
  bucket: AggregateBucket;
  groupBy: string[];
  select: { property: string; guess: SelectionGuess }[];
  /** Of the aggregate, by column. */
  properties: Map<string, string>;
}

/** What the query is read with. */
export interface QueryContext {
  naming: NamingStrategy;
  source: PulledEntity;
  /** The properties of the aggregate's entity where the ORM has it, by column. */
  known: ReadonlyMap<string, string> | undefined;
  /** As PostgreSQL spells the query; undefined where it does not understand it. */
  spell: (query: AggregateQuery) => Promise<string | undefined>;
}

/**
 * Nothing is taken for granted of what is read from the spelling: what is made of it has to be spelled in the same way.
 *
 * @throws Unspeakable
 */
export async function pullQuery(spelled: string, context: QueryContext): Promise<PulledQuery> {
  const { bucketItem, groups, values } = split(spelled);
  const { column, options, query } = bucketOf(bucketItem.sql, context.source);
  const names = new ColumnNames(context);
  names.bucket(bucketItem.as);
  const groupBy = groups.map(({ sql, as }) => names.group(unquoted(sql), as));
  const base: AggregateQuery = {
    bucket: { ...query, column, as: bucketItem.as },
    groupBy: groups.map(({ sql, as }) => ({ column: unquoted(sql), as })),
    select: [],
  };
  const select: PulledQuery['select'] = [];
  for (const value of values) {
    select.push({ property: names.value(value.as), guess: await fitting(value, base, context) });
  }
  const made = { ...base, select: select.map(({ guess }, at) => ({ value: guess.value, as: values[at]?.as ?? '' })) };
  const again = await context.spell(made);
  if (again === undefined || !isSameQuery(again, spelled)) throw new Unspeakable('its query comes out differently');
  return { bucket: options, groupBy: [...new Set(groupBy)], select, properties: names.properties };
}

interface Item {
  sql: string;
  as: string;
}

/** The bucket, the columns that it is grouped by, and the rest. */
function split(spelled: string): { bucketItem: Item; groups: Item[]; values: Item[] } {
  const query = parseQuery(spelled);
  if (!query || query.from === undefined) throw new Unspeakable('it reads more than one table');
  const [clause] = query.clauses;
  if (clause !== undefined) throw new Unspeakable(`its query has ${clause}, for which there is no option`);
  const bucketItem = query.select.find(({ sql }) => query.groupBy.includes(sql) && parseBucket(sql));
  if (!bucketItem) throw new Unspeakable('it does not select its time_bucket');
  const groups = query.select.filter((item) => item !== bucketItem && query.groupBy.includes(item.sql));
  const hidden = query.groupBy.find((sql) => sql !== bucketItem.sql && !groups.some((item) => item.sql === sql));
  if (hidden !== undefined) throw new Unspeakable(`it is grouped by ${hidden}, which it does not select`);
  const expression = groups.find(({ sql }) => !new RegExp(`^${name}$`).test(sql));
  if (expression) throw new Unspeakable(`it is grouped by ${expression.sql}, which is no column`);
  return {
    bucketItem,
    groups,
    values: query.select.filter((item) => item !== bucketItem && !groups.includes(item)),
  };
}

/** The first guess that PostgreSQL spells as it does what is there. */
async function fitting(value: Item, base: AggregateQuery, { source, spell }: QueryContext): Promise<SelectionGuess> {
  for (const guess of guessSelections(value.sql, ownColumns(source))) {
    const spelled = await spell({ ...base, select: [{ value: guess.value, as: value.as }] });
    const made = spelled === undefined ? undefined : parseQuery(spelled)?.select.find(({ as }) => as === value.as);
    if (made && isDeepStrictEqual(canonicalValue(made.sql), canonicalValue(value.sql))) return guess;
  }
  throw new Unspeakable(`its column ${quoted(value.as)} comes out differently`);
}

/** A property of several columns has no name for each. */
function ownColumns({ properties }: PulledEntity): SourceColumns {
  const all = [...properties];
  return new Map(all.filter(([, property]) => all.filter(([, other]) => other === property).length === 1));
}

/** The properties of an aggregate, whose columns have the names that the naming strategy gives them. */
class ColumnNames {
  readonly properties = new Map<string, string>();
  readonly #context: QueryContext;

  constructor(context: QueryContext) {
    this.#context = context;
  }

  bucket(as: string): void {
    const { known, naming } = this.#context;
    if (known?.get(as) !== 'bucket' && naming.propertyToColumnName('bucket') !== as) {
      throw renamed(as, `its bucket would be ${quoted(naming.propertyToColumnName('bucket'))}`);
    }
    this.properties.set(as, 'bucket');
  }

  group(column: string, as: string): string {
    const { name, properties } = this.#context.source;
    const property = properties.get(column);
    if (property === undefined) throw new Unspeakable(`${name} has no property for the column ${quoted(column)}`);
    if (column !== as) throw renamed(as, `grouped by ${quoted(column)} it would have that name`);
    this.properties.set(as, property);
    return property;
  }

  value(as: string): string {
    const { known, naming, source } = this.#context;
    const fits = [known?.get(as), naming.columnNameToProperty(as), as, source.properties.get(as)].find(
      (each) => each !== undefined && (each === known?.get(as) || naming.propertyToColumnName(each) === as),
    );
    if (fits === undefined) throw renamed(as, 'the naming strategy makes it of no property');
    this.properties.set(as, fits);
    return fits;
  }
}

function renamed(column: string, why: string): Unspeakable {
  return new Unspeakable(
    `its column ${quoted(column)} cannot keep its name, for ${why}; ` +
      'ALTER MATERIALIZED VIEW ... RENAME COLUMN gives it another',
  );
}
