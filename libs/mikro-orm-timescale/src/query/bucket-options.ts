import type { EntityKey, FilterOptions, FilterQuery } from '@mikro-orm/core';
import type { Order, Width } from '../definition/options.ts';
import type { PropertyValue, SelectedValue, Selection } from './selection.ts';

/**
 * What `bucket()` takes. The type parameters are inferred: the kind of value that the range is given in, the properties
 * of `groupBy`, the names of `select` and how they are filled.
 */
export interface BucketOptions<
  Entity,
  At extends Moment,
  Group extends EntityKey<Entity>,
  Select extends Selections<Entity>,
  Filling extends Fill<Select>,
> {
  /** How wide a bucket is: an interval, with months or without; a number for an integer. */
  every: Width;
  /** The property that is cut into buckets; default: the one that partitions the hypertable. */
  by?: EntityKey<Entity>;
  /**
   * Half-open. Dates for a timestamp, 'YYYY-MM-DD' for a date, numbers or bigints for an integer; the buckets come back
   * in the same.
   */
  range: readonly [from: At, toExclusive: At];
  /** Whose clock buckets follow, by its IANA name; for a timestamp with time zone only. Default: UTC's. */
  timeZone?: string;
  /**
   * Where a bucket shall start, and so all others. Default: 2000-01-03, a Monday, and 2000-01-01 for months, at midnight
   * of the time zone; 0 for an integer.
   */
  origin?: Widened<At>;
  /** How much later than that buckets start. */
  offset?: Width;
  groupBy?: readonly Group[];
  /** What is wanted of each bucket. */
  select: Select;
  /** As in `em.find()`. A row counts once, however many rows of a relation match. */
  where?: FilterQuery<Entity>;
  /** MikroORM's filters of the entity, as in `em.find()`. */
  filters?: FilterOptions;
  /**
   * Gives every bucket of the range, and says what stands where there is no value: for all that is selected, or by name.
   * Default: `none`, only the buckets that have rows.
   */
  fill?: Filling;
  /** By `bucket`, a group or a selected value; ties, and what is not said, go by bucket and groups. */
  orderBy?: { readonly [Name in 'bucket' | Group | (keyof Select & string)]?: Order };
  /** How many rows at most. */
  limit?: number;
  /** The schema of a table that has one per tenant. */
  schema?: string;
}

export type Moment = Date | string | number | bigint;

export type Selections<Entity> = Readonly<Record<string, Selection<EntityKey<Entity>>>>;

/**
 * - `zero`: 0
 * - `last`: the value of the latest bucket before that has one; null before the first
 * - `linear`: on the straight line, by the time at which buckets start, between the values before and after; null where
 *   one of them is missing
 * - `none`: null, and 0 for a count
 */
export type FillMode = 'none' | 'zero' | 'last' | 'linear';
export type Fill<Select> = FillMode | { readonly [Name in keyof Select]?: FillMode };

export type BucketRow<Entity, At extends Moment, Group extends EntityKey<Entity>, Select, Filling> = Flat<
  { bucket: Widened<At> } & { [Name in Group]: PropertyValue<Entity[Name]> } & {
    -readonly [Name in keyof Select]: FilledValue<SelectedValue<Entity, Select[Name]>, ModeOf<Filling, Name>>;
  }
>;

type FilledValue<Value, Mode> = Mode extends 'zero'
  ? NonNullable<Value>
  : Mode extends 'last' | 'linear'
    ? Value | null
    : Value;

type ModeOf<Filling, Name> = Filling extends FillMode ? Filling : Name extends keyof Filling ? Filling[Name] : 'none';

/** `0` as number. */
export type Widened<At extends Moment> = At extends Date
  ? Date
  : At extends string
    ? string
    : At extends number
      ? number
      : bigint;

type Flat<T> = { [Key in keyof T]: T[Key] };
