import { compare, round, timedSql } from '@tidemark/testing/bench';
import { ask, days, untilCompiled } from '../asked.ts';
import type { Bench } from '../bench.ts';
import type { Measure, Result } from '../measure.ts';
import { dailyRollup, fillRollups, lastYear } from '../rollups.ts';

export const rollupBuckets: Measure = {
  name: 'rollupBuckets',
  title: 'QueryBuckets by day from a year of rollups, by the same SQL through pg',
  goal: { atMost: 1.1 },
  run,
};

async function run(bench: Bench): Promise<Result> {
  const rollup = await dailyRollup(bench.admin);
  if (!rollup) return { skipped: 'the database has no rollups' };
  const count = bench.rows(1_000_000);
  await fillRollups(bench, count);
  const range = lastYear();
  const sql = `
    SELECT ${rollup.bucket} AS bucket, sum(${rollup.count})::bigint AS count
    FROM ${rollup.view}
    WHERE ${rollup.bucket} >= to_timestamp($1 / 1e6) AND ${rollup.bucket} < to_timestamp($2 / 1e6)
    GROUP BY 1
    ORDER BY 1`;
  const sides = await compare(
    60 * bench.options.rounds,
    async () => (await ask(bench, { range, width: days })).ms,
    () => timedSql(bench.admin, sql, [range.start, range.end]),
    untilCompiled,
  );
  return {
    value: sides.ratio,
    figures: {
      events: round(count),
      'by the service': `${round(sides.ours)} ms`,
      'by SQL': `${round(sides.theirs)} ms`,
    },
  };
}
