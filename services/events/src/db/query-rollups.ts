import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { BucketQuery } from '../domain/bucket-query.ts';
import { coveredOf } from '../domain/covered.ts';
import type { Micros } from '../domain/micros.ts';
import { rollupsFor } from '../domain/rollup-choice.ts';
import { planOf } from '../domain/rollup-plan.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { bucketKey, type BucketKey } from './bucket-key.ts';
import { Parameters } from './filter-sql.ts';
import type { MeasureRow } from './measure-sql.ts';
import { query } from './query.ts';
import { rolledUp } from './rolled-up.ts';
import { answerSql, type Part } from './rollup-answer-sql.ts';
import { statesOf, statesSql, type StateRow, type States } from './rollup-states.ts';
import { inSnapshot } from './snapshot.ts';

export type BucketRow = MeasureRow & { bucket: string | number; grouping?: string[] | null; rank?: string | null };

/** What an answer is, where its buckets begin, and what it stands on. */
export interface Answer {
  readonly rows: BucketRow[];
  readonly key: BucketKey;
  /** The rollups that took part; none: the events themselves were counted. */
  readonly rollups: readonly string[];
  readonly covered: TimeRange | undefined;
}

/** What the database keeps, and for how long. */
export interface Store {
  /** Undefined: no rollups, so that every answer is from the events. */
  readonly catalogs: RollupCatalogs | undefined;
  /** What is older, the retention may have dropped; undefined: nothing. */
  readonly oldestKept: Micros | undefined;
}

export interface RollupCatalogs {
  /** Whether what a refresh is at has a log of its own. */
  readonly pendingRanges: boolean;
}

export async function rollupCatalogs(pool: pg.Pool): Promise<RollupCatalogs> {
  const { rows } = await pool.query<{ there: boolean }>(
    `SELECT to_regclass('_timescaledb_catalog.continuous_aggs_materialization_ranges') IS NOT NULL AS there`,
  );
  return { pendingRanges: rows[0]?.there === true };
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
  { catalogs, oldestKept }: Store,
): Promise<Answer | undefined> {
  const wanted = rollupsFor(asked);
  if (!catalogs || wanted.length === 0) return undefined;
  const { range } = asked;
  return inSnapshot(pool, signal, async (run) => {
    const names = wanted.map(({ name }) => name);
    const states = statesOf(
      await run<StateRow>(statesSql(catalogs.pendingRanges), [names, range.start, range.end], 'rollup states'),
      wanted,
    );
    const plan = planOf(range, starts, states.rollups, states.chunks);
    if (plan.rollups.length === 0) return undefined;
    const parts: Part[] = plan.rollups.map(({ name, parts: ranges }) => ({
      relation: states.rollups.find((each) => each.name === name)?.relation,
      ranges,
    }));
    if (plan.raw.length > 0) parts.push({ relation: undefined, ranges: plan.raw });
    const parameters = new Parameters();
    const key = bucketKey(starts, range.end, parameters);
    const statement = answerSql(asked, parts, key, parameters);
    const rows = await run<BucketRow>(statement, parameters.values, nameOf(statement, parts));
    const kept = { ...states, oldestKept };
    const whole = coveredOf(range, kept, []);
    const complete = whole?.start === range.start;
    return {
      rows,
      key,
      rollups: plan.rollups.map(({ name }) => name),
      covered: complete ? whole : coveredOf(range, kept, await rolledUp(run, parts, states.dropped)),
    };
  });
}

/**
 * A name for statements of rollups alone that come again and again. With events in it, one is planned for its own range,
 * so that the chunks outside of it are left out.
 */
function nameOf(statement: string, parts: readonly Part[]): string | undefined {
  const simple = parts.every(({ relation, ranges }) => relation !== undefined && ranges.length <= 2);
  return simple ? createHash('sha256').update(statement).digest('base64') : undefined;
}

/** What an answer from the events alone stands on. */
export async function coveredByEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  range: TimeRange,
  oldestKept: Micros | undefined,
): Promise<TimeRange | undefined> {
  const rows = await query<StateRow>(pool, signal, statesSql(false), [[], range.start, range.end], 'event states');
  const states: States = statesOf(rows, []);
  return coveredOf(range, { ...states, oldestKept }, []);
}
