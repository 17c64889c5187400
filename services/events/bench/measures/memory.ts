import { Dimension, Measure as Measures, TopValuesRequest } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import { round } from '@tidemark/testing/bench';
import { ask, hours, type Range } from '../asked.ts';
import type { Bench } from '../bench.ts';
import { dayMicros } from '../empty-table.ts';
import { exportAll } from '../export-all.ts';
import type { Measure, Result } from '../measure.ts';
import { peakMbDuring } from '../../rig/process-usage.ts';

export const memory: Measure = {
  name: 'memory',
  title: 'the most memory of the service on a busy day, in MB',
  goal: { atMost: 300 },
  run,
};

const partEvents = 250_000;

async function run(bench: Bench): Promise<Result> {
  const count = bench.rows(10_000_000);
  const today = Math.floor((Date.now() * 1_000) / dayMicros) * dayMicros;
  const day = { start: today - dayMicros, end: today };
  const during = (work: () => Promise<unknown>): Promise<number> => peakMbDuring(bench.service.pid, work);
  const ingest = await during(() => ingestDay(bench, count, day));
  const queries = await during(() => query(bench, day));
  let exported = 0;
  const exporting = await during(async () => (exported = await exportAll(bench, day)));
  return {
    value: Math.max(ingest, queries, exporting),
    figures: {
      events: round(count),
      'in ingest': `${round(ingest)} MB`,
      'in queries': `${round(queries)} MB`,
      'in export': `${round(exporting)} MB for ${round(exported)} events`,
    },
  };
}

/** Through several streams at once; part by part, since a client with all of them at hand would need the memory. */
async function ingestDay(bench: Bench, count: number, day: Range): Promise<void> {
  const parts = Math.ceil(count / partEvents);
  const width = (day.end - day.start) / parts;
  for (let part = 0; part < parts; part++) {
    const start = day.start + part * width;
    const events = { seed: part, count: Math.ceil(count / parts), start, end: start + width };
    await bench.load.ask({ kind: 'stream', address: bench.service.address, events, channels: 4, batchSize: 5_000 });
  }
}

async function query(bench: Bench, range: Range): Promise<void> {
  const grouped = { groupBy: [{ by: { $case: 'dimension', value: Dimension.PAGE } }], seriesLimit: 400 } as const;
  await ask(bench, { range, width: hours, measures: [Measures.UNIQUE_SESSIONS, Measures.P95_DURATION] });
  await ask(bench, { range, width: hours, ...grouped, groupBy: [...grouped.groupBy] });
  await bench.events.topValues(
    TopValuesRequest.fromPartial({
      range: { start: timestampOf(range.start), end: timestampOf(range.end) },
      by: { $case: 'dimension', value: Dimension.SESSION },
      limit: 1_000,
    }),
  );
}
