import { compare, round, timedSql } from '@tidemark/testing/bench';
import { ask, hours, sourceOf, untilCompiled, type Question } from '../asked.ts';
import type { Bench } from '../bench.ts';
import { dayMicros } from '../empty-table.ts';
import { frequentUser, insertRows } from '../made-rows.ts';
import type { Measure, Result } from '../measure.ts';

export const rawBuckets: Measure = {
  name: 'rawBuckets',
  title: 'QueryBuckets by hour from raw rows, by the same SQL through pg',
  goal: { atMost: 1.1 },
  run,
};

// Of one user: no rollup can answer that, and the condition costs both sides next to nothing.
const sql = `
  SELECT time_bucket('1 hour', time) AS bucket, count(*) AS count
  FROM events.events
  WHERE time >= to_timestamp($1 / 1e6) AND time < to_timestamp($2 / 1e6) AND user_id = $3
  GROUP BY 1
  ORDER BY 1`;

async function run(bench: Bench): Promise<Result> {
  const count = bench.rows(1_000_000);
  const today = Math.floor((Date.now() * 1_000) / dayMicros) * dayMicros;
  const range = { start: today - 30 * dayMicros, end: today };
  await insertRows(bench.admin, { count, ...range });
  const question: Question = { range, width: hours, filter: { userId: frequentUser } };
  const source = await sourceOf(bench, question);
  if (source !== undefined && source !== 'SOURCE_RAW')
    throw new Error(`raw rows were asked for, and ${source} answered.`);
  await warmUp(bench, { ...question, range: { start: range.start, end: range.start + dayMicros } });
  const sides = await compare(
    3 * bench.options.rounds,
    async () => (await ask(bench, question)).ms,
    () => timedSql(bench.admin, sql, [range.start, range.end, frequentUser]),
  );
  return {
    value: sides.ratio,
    figures: { rows: round(count), 'by the service': `${round(sides.ours)} ms`, 'by SQL': `${round(sides.theirs)} ms` },
  };
}

/** Lets V8 compile what the service answers with, by questions that cost less. */
async function warmUp(bench: Bench, question: Question): Promise<void> {
  for (let asked = 0; asked < untilCompiled; asked++) await ask(bench, question);
}
