import { createHash } from 'node:crypto';
import { sqlStateOf } from '@tidemark/grpc-kit';
import type pg from 'pg';
import type { BucketQuery } from '../domain/bucket-query.ts';
import { coveredOf } from '../domain/covered.ts';
import type { Micros } from '../domain/micros.ts';
import { rollupsFor } from '../domain/rollup-choice.ts';
import { planOf, type Plan } from '../domain/rollup-plan.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { intersect } from '../domain/time-ranges.ts';
import { bucketKey, type BucketKey } from './bucket-key.ts';
import { Parameters } from './filter-sql.ts';
import type { MeasureRow } from './measure-sql.ts';
import { query } from './query.ts';
import { rolledUpOf, rolledUpSql } from './rolled-up.ts';
import { answerSql, type ContextRow, type Part } from './rollup-answer-sql.ts';
import type { RollupCatalogs } from './rollup-catalogs.ts';
import { statesOf, statesSql as sqlOfStates, type States } from './rollup-states.ts';
import { inSnapshot, type Run } from './snapshot.ts';

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

interface Question {
  readonly asked: BucketQuery;
  /** Where its buckets begin. */
  readonly starts: readonly Micros[];
  readonly oldestKept: Micros | undefined;
  readonly statesSql: string;
}

/**
 * The answer from rollups and what they lack, all of one snapshot; undefined where the question is for the events.
 *
 * What is stale has to be known before the statement can be written. Where that is as it was, the statement is written
 * with what was seen last, and brings along what is so: the same, which makes it the answer.
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
  const seen = catalogs.seen(wanted);
  const question: Question = { asked, starts, oldestKept, statesSql: seen.sql };
  const remembered = seen.steady;
  if (remembered) {
    const run: Run = (text, values, name) => query(pool, signal, text, values, name);
    const attempt = await answerWith(remembered.states, question, run).catch(unlessDropped);
    const current = attempt ? seen.see(attempt.states) : await seen.ask(run);
    if (current.text === remembered.text) return attempt?.answer;
  }
  return inSnapshot(pool, signal, async (run) => {
    const { states } = await seen.ask(run);
    return (await answerWith(states, question, run))?.answer;
  });
}

/** A rollup that was dropped, or made anew, has no relation of the remembered name. */
function unlessDropped(error: unknown): undefined {
  if (sqlStateOf(error) !== undefinedTable) throw error;
}

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const undefinedTable = '42P01';

/** What the answer would be in these states, and the states that are; undefined where no rollup takes part. */
async function answerWith(
  states: States,
  question: Question,
  run: Run,
): Promise<{ answer: Answer; states: string } | undefined> {
  const { asked, starts, oldestKept, statesSql } = question;
  const plan = planOf(asked.range, starts, states.rollups, states.chunks);
  if (plan.rollups.length === 0) return undefined;
  const parts = partsOf(plan, states);
  const dropped = intersect(states.dropped, [asked.range]);
  const kept = { ...states, dropped, oldestKept };
  const whole = coveredOf(asked.range, kept, []);
  const parameters = new Parameters();
  const key = bucketKey(starts, asked.range.end, parameters);
  const rolledUp = whole?.start === asked.range.start ? undefined : rolledUpSql(parts, dropped, parameters);
  const statement = answerSql({ asked, parts, key, parameters, context: { states: statesSql, rolledUp } });
  const [context, ...rows] = await run<ContextRow & BucketRow>(statement, parameters.values, nameOf(statement, parts));
  const held = context?.rolled_up == null ? [] : rolledUpOf(context.rolled_up, parts, dropped);
  const covered = rolledUp === undefined ? whole : coveredOf(asked.range, kept, held);
  return {
    answer: { rows, key, rollups: plan.rollups.map(({ name }) => name), covered },
    states: context?.states ?? '',
  };
}

/**
 * A name for statements of rollups alone that come again and again. With events in it, one is planned for its own range,
 * so that the chunks outside of it are left out.
 */
function nameOf(statement: string, parts: readonly Part[]): string | undefined {
  const simple = parts.every(({ relation, ranges }) => relation !== undefined && ranges.length <= 2);
  return simple ? createHash('sha256').update(statement).digest('base64') : undefined;
}

function partsOf(plan: Plan, states: States): Part[] {
  const rollups = plan.rollups.map(({ name, parts }) => {
    const { relation, dirty = [] } = states.rollups.find((each) => each.name === name) ?? {};
    return { relation, ranges: parts, dirty };
  });
  return plan.raw.length > 0 ? [...rollups, { relation: undefined, ranges: plan.raw, dirty: [] }] : rollups;
}

/** What an answer from the events alone stands on. */
export async function coveredByEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  range: TimeRange,
  oldestKept: Micros | undefined,
): Promise<TimeRange | undefined> {
  const [row] = await query<{ states: string }>(pool, signal, sqlOfStates([], false), [], 'event states');
  const states = statesOf(row?.states ?? '[]', []);
  const dropped = intersect(states.dropped, [range]);
  return coveredOf(range, { ...states, dropped, oldestKept }, []);
}
