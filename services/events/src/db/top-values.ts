import type pg from 'pg';
import { measuredNothing, type Measured } from '../domain/measure.ts';
import type { TopQuery, TopValues } from '../domain/top-query.ts';
import { dimensionSql } from './dimension-sql.ts';
import { Parameters, whereSql } from './filter-sql.ts';
import { aggregateSql, measuredOfRow, measuresSql, type MeasureRow } from './measure-sql.ts';
import { query } from './query.ts';

type Row = MeasureRow & { value: string | null; is_total: boolean };

export async function topValues(pool: pg.Pool, signal: AbortSignal, asked: TopQuery): Promise<TopValues> {
  const measures = asked.measure ? [asked.measure] : [];
  const parameters = new Parameters();
  const value = dimensionSql(asked.dimension, parameters);
  const where = whereSql(asked.range, asked.filter, parameters);
  const ranking = asked.measure ? aggregateSql(asked.measure) : 'count(*)';
  const statement = `
    WITH top AS (
      SELECT
        ${value} AS value,
        row_number() OVER (ORDER BY ${ranking} DESC NULLS LAST, count(*) DESC, ${value} COLLATE "C") AS rank
      FROM events.events
      WHERE ${where}
      GROUP BY 1
      ORDER BY rank
      LIMIT ${parameters.add(asked.limit)}
    )
    SELECT top.value, grouping(top.rank) = 1 AS is_total, ${measuresSql(measures)}
    FROM events.events
    LEFT JOIN top ON top.value = ${value}
    WHERE ${where}
    GROUP BY GROUPING SETS ((top.rank, top.value), ())
    ORDER BY is_total, top.rank NULLS LAST`;
  const rows = await query<Row>(pool, signal, statement, parameters.values);
  const measured = (row: Row | undefined): Measured => (row ? measuredOfRow(row, measures) : measuredNothing(measures));
  return {
    values: rows.flatMap((row) => (row.value === null ? [] : [{ value: row.value, measured: measured(row) }])),
    other: measured(rows.find((row) => row.value === null && !row.is_total)),
    total: measured(rows.find((row) => row.is_total)),
  };
}
