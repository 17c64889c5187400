import { compare, round, timedSql } from '@tidemark/testing/bench';
import { ask, days } from '../asked.ts';
import type { Bench } from '../bench.ts';
import type { Measure, Result } from '../measure.ts';
import { dailyRollup, fillRollups, lastYear } from '../rollups.ts';

export const rollupVsRaw: Measure = {
  name: 'rollupVsRaw',
  title: 'counting a year of raw rows by day, by QueryBuckets from rollups',
  run,
};

const rawSql = `
  SELECT time_bucket('1 day', time) AS bucket, count(*) AS count
  FROM events.events
  WHERE time >= to_timestamp($1 / 1e6) AND time < to_timestamp($2 / 1e6)
  GROUP BY 1
  ORDER BY 1`;

async function run(bench: Bench): Promise<Result> {
  if (!(await dailyRollup(bench.admin))) return { skipped: 'the database has no rollups' };
  const count = bench.rows(10_000_000);
  await fillRollups(bench, count);
  const range = lastYear();
  const sides = await compare(
    bench.options.rounds,
    () => timedSql(bench.admin, rawSql, [range.start, range.end]),
    async () => (await ask(bench, { range, width: days })).ms,
  );
  return {
    value: sides.ratio,
    figures: {
      events: round(count),
      'from raw rows': `${round(sides.ours)} ms`,
      'from rollups': `${round(sides.theirs)} ms`,
    },
  };
}
