import type { EntityKey, EntityMetadata } from '@mikro-orm/core';
import { raw, type Platform, type RawQueryFragment } from '@mikro-orm/postgresql';
import type { Width } from '../definition/options.ts';
import { selectionSql } from '../sql/selection.ts';
import { identifier } from '../sql/target.ts';
import { timeBucketSql } from '../sql/time-bucket.ts';
import { axisOf } from './axis.ts';
import type { Moment } from './bucket-options.ts';
import { checkSelection } from './check-selection.ts';
import { failFor } from './fail.ts';
import { parseGrid } from './parse-grid.ts';
import { Properties } from './properties.ts';
import { first, histogram, last, type Selection } from './selection.ts';

/**
 * TimescaleDB's functions as SQL for one QueryBuilder: of its columns, with its alias. `.as('name')` names one in a
 * select; values come back as the driver gives them.
 */
export interface Fragments<P extends string> {
  /** `time_bucket` as the server has it; where a clock is changed, only `bucket()` is right. */
  timeBucket: (every: Width, by: P, options?: TimeBucketOptions) => Fragment;
  /** The value of the row with the smallest `by`. */
  first: (property: P, by: P) => Fragment;
  /** The value of the row with the largest `by`. */
  last: (property: P, by: P) => Fragment;
  histogram: (property: P, range: { min: number; max: number; buckets: number }) => Fragment;
}

export interface TimeBucketOptions {
  /** An IANA name; for a timestamp with time zone only. */
  timeZone?: string;
  /** Where a bucket shall start; of months only its month counts. */
  origin?: Moment;
  offset?: Width;
}

/** Also a key, as in `orderBy({ [fragment]: 'asc' })`. */
export type Fragment = RawQueryFragment & symbol;

/** The part of MikroORM's QueryBuilder that fragments are for. */
export interface BuilderOf<Entity> {
  readonly alias: string;
  readonly mainAlias: { readonly meta: EntityMetadata<Entity> };
}

/** @param functions the schema of the extension */
export function fragmentsFor<Entity>(
  { alias, mainAlias: { meta } }: BuilderOf<Entity>,
  functions: string,
  platform: Platform,
): Fragments<EntityKey<Entity>> {
  const fail = failFor(meta);
  const properties = new Properties(meta, fail);
  const columnSql = (column: string): string => `${identifier(alias)}.${identifier(column)}`;
  const columns = Object.fromEntries([...properties].map(({ name, column }) => [name, columnSql(column)]));
  const selected = (selection: Exclude<Selection, { kind: 'raw' }>): Fragment => {
    checkSelection(selection.kind, selection, properties, fail);
    return raw(selectionSql(selection, columns, functions));
  };
  return {
    timeBucket(every, by, options = {}) {
      const axis =
        axisOf(properties.get(by, 'timeBucket')) ??
        fail('timeBucket', `"${by}" is no time`, 'Use a time, date or integer property');
      const grid = parseGrid(axis, { every, ...options }, platform, fail);
      if (grid.kind === 'time' && !grid.timeZone && options.origin !== undefined && options.offset !== undefined) {
        fail('offset', 'time_bucket takes an origin or an offset, not both', 'Add the offset to the origin');
      }
      return raw(timeBucketSql(grid, columnSql(axis.column), axis, functions));
    },
    first: (property, by) => selected(first(property, by)),
    last: (property, by) => selected(last(property, by)),
    histogram: (property, range) => selected(histogram(property, range)),
  };
}
