import type { ExpandProperty, Primary, Scalar } from '@mikro-orm/core';

/**
 * What a bucket holds of the rows that fall into it: the same in a continuous aggregate and in a query. `P` are property
 * names of the entity, so that a wrong one does not compile.
 */
export type Selection<P extends string = string> =
  | { kind: 'count'; property?: P }
  | { kind: 'sum' | 'avg'; property: P }
  | { kind: 'min' | 'max'; property: P }
  | { kind: 'first' | 'last'; property: P; by: P }
  | { kind: 'histogram'; property: P; min: number; max: number; buckets: number }
  | RawSelection<unknown>;

/** The way out: any SQL expression that aggregates. */
export interface RawSelection<Value> {
  kind: 'raw';
  /** @param columns the quoted column of each property */
  sql: (columns: Readonly<Record<string, string>>) => string;
  /** Only the compiler knows it. */
  '~value'?: Value;
}

/** The JavaScript value of a selection. Nothing to select from is null, but for `count`. */
export type SelectedValue<Entity, S> =
  S extends RawSelection<infer Value>
    ? Value
    : S extends { kind: 'count' }
      ? number
      : S extends { kind: 'sum' | 'avg' }
        ? number | null
        : S extends { kind: 'histogram' }
          ? number[] | null
          : S extends { property: infer P }
            ? P extends keyof Entity
              ? PropertyValue<Entity[P]> | null
              : never
            : never;

/** What a row has of a property: of a relation its primary key, of nothing null. */
export type PropertyValue<Value> = Value extends null | undefined
  ? null
  : Value extends Scalar | readonly unknown[]
    ? Value
    : Primary<ExpandProperty<Value>>;

/** All rows, or those where the property is not null. */
export function count(): { kind: 'count' };
export function count<P extends string>(property: P): { kind: 'count'; property: P };
export function count<P extends string>(property?: P): { kind: 'count'; property?: P } {
  return { kind: 'count', ...(property !== undefined && { property }) };
}

export function sum<P extends string>(property: P): { kind: 'sum'; property: P } {
  return { kind: 'sum', property };
}

export function avg<P extends string>(property: P): { kind: 'avg'; property: P } {
  return { kind: 'avg', property };
}

export function min<P extends string>(property: P): { kind: 'min'; property: P } {
  return { kind: 'min', property };
}

export function max<P extends string>(property: P): { kind: 'max'; property: P } {
  return { kind: 'max', property };
}

/** The value of the row with the smallest `by`. */
export function first<P extends string, By extends string>(
  property: P,
  by: By,
): { kind: 'first'; property: P; by: By } {
  return { kind: 'first', property, by };
}

/** The value of the row with the largest `by`. */
export function last<P extends string, By extends string>(property: P, by: By): { kind: 'last'; property: P; by: By } {
  return { kind: 'last', property, by };
}

/**
 * How many values fall into each of `buckets` equal parts of [min, max). The first and the last element count what lies
 * below and above, so that the array has `buckets + 2` elements.
 */
export function histogram<P extends string>(
  property: P,
  range: { min: number; max: number; buckets: number },
): { kind: 'histogram'; property: P; min: number; max: number; buckets: number } {
  return { kind: 'histogram', property, min: range.min, max: range.max, buckets: range.buckets };
}

/** `rawAggregate<number>(({ temp }) => `percentile_cont(0.5) WITHIN GROUP (ORDER BY ${temp})`)` */
export function rawAggregate<Value>(sql: (columns: Readonly<Record<string, string>>) => string): RawSelection<Value> {
  return { kind: 'raw', sql };
}
