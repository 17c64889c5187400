import type pg from 'pg';
import type { BucketQuery } from '../domain/bucket-query.ts';
import type { Micros } from '../domain/micros.ts';
import { rollupsFor } from '../domain/rollup-choice.ts';
import { planOf } from '../domain/rollup-plan.ts';
import { bucketKey, type BucketKey } from './bucket-key.ts';
import { Parameters } from './filter-sql.ts';
import type { MeasureRow } from './measure-sql.ts';
import { answerSql, type Part } from './rollup-answer-sql.ts';
import { statesOf, statesSql, type StateRow } from './rollup-states.ts';
import { inSnapshot } from './snapshot.ts';

export type BucketRow = MeasureRow & { bucket: string | number; grouping?: string[] | null; rank?: string | null };

export interface RollupAnswer {
  readonly rows: BucketRow[];
  readonly key: BucketKey;
  /** Those that took part. */
  readonly rollups: readonly string[];
}

/** What of TimescaleDB's rollups this database has; undefined: none, so that every answer is from the events. */
export interface RollupCatalogs {
  /** Whether what a refresh is at has a log of its own. */
  readonly pendingRanges: boolean;
}

/**
 * The answer from rollups and what they lack, all of one snapshot; undefined where the question is for the events.
 *
 * @param starts of the buckets
 */
export async function queryRollups(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: BucketQuery,
  starts: readonly Micros[],
  catalogs: RollupCatalogs | undefined,
): Promise<RollupAnswer | undefined> {
  const wanted = rollupsFor(asked);
  if (!catalogs || wanted.length === 0) return undefined;
  const { range } = asked;
  return inSnapshot(pool, signal, async (run) => {
    const names = wanted.map(({ name }) => name);
    const states = statesOf(
      await run<StateRow>(statesSql(catalogs.pendingRanges), [names, range.start, range.end]),
      wanted,
    );
    const plan = planOf(range, starts, states.rollups, states.chunks);
    if (plan.rollups.length === 0) return undefined;
    const parts: Part[] = [
      ...plan.rollups.map(({ name, parts: ranges }) => ({
        relation: states.rollups.find((each) => each.name === name)?.relation,
        ranges,
      })),
      ...(plan.raw.length > 0 ? [{ relation: undefined, ranges: plan.raw }] : []),
    ];
    const parameters = new Parameters();
    const key = bucketKey(starts, parameters);
    const rows = await run<BucketRow>(answerSql(asked, parts, key, parameters), parameters.values);
    return { rows, key, rollups: plan.rollups.map(({ name }) => name) };
  });
}

export async function rollupCatalogs(pool: pg.Pool): Promise<RollupCatalogs> {
  const { rows } = await pool.query<{ there: boolean }>(
    `SELECT to_regclass('_timescaledb_catalog.continuous_aggs_materialization_ranges') IS NOT NULL AS there`,
  );
  return { pendingRanges: rows[0]?.there === true };
}
