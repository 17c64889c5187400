import { median, round } from '@tidemark/testing/bench';
import { ask, hours } from '../asked.ts';
import type { Bench } from '../bench.ts';
import { dayMicros } from '../empty-table.ts';
import { insertRows } from '../made-rows.ts';
import type { Measure, Result } from '../measure.ts';
import { residentMb } from '../../rig/process-usage.ts';

export const growth: Measure = {
  name: 'growth',
  title: 'the newest day by hour, of a table 100 times as large, by the same of the small one',
  run,
};

const factors = [1, 10, 100];

/** The newest day stays as it is; what grows is how many days there are. */
async function run(bench: Bench): Promise<Result> {
  const rowsOfDay = Math.ceil(bench.rows(10_000_000) / 100);
  const today = Math.floor((Date.now() * 1_000) / dayMicros) * dayMicros;
  const newest = { start: today - dayMicros, end: today };
  const figures: Record<string, string> = {};
  const latencies: number[] = [];
  let daysThere = 0;
  for (const factor of factors) {
    const oldest = today - factor * dayMicros;
    const added = { start: oldest, end: today - daysThere * dayMicros };
    await insertRows(bench.admin, { count: rowsOfDay * (factor - daysThere), ...added });
    daysThere = factor;
    const ms = await latencyOf(bench, newest);
    latencies.push(ms);
    const memory = await residentMb(bench.service.pid);
    figures[`${round(rowsOfDay * factor)} rows`] = `${round(ms)} ms, the service has ${round(memory)} MB`;
  }
  return { value: (latencies.at(-1) ?? NaN) / (latencies[0] ?? NaN), figures };
}

async function latencyOf(bench: Bench, range: { start: number; end: number }): Promise<number> {
  const latencies: number[] = [];
  // The first ones fill caches.
  for (let round = -2; round < 3 * bench.options.rounds; round++) {
    const { ms } = await ask(bench, { range, width: hours });
    if (round >= 0) latencies.push(ms);
  }
  return median(latencies);
}
