import { compare, perSecond, round } from '@tidemark/testing/bench';
import type { Bench } from '../bench.ts';
import { CpuOfIngest } from '../cpu-of-ingest.ts';
import { dayMicros, emptyTable } from '../empty-table.ts';
import type { Measure, Result } from '../measure.ts';

export const streamIngest: Measure = {
  name: 'streamIngest',
  title: 'events/s through StreamEvents, by rows/s of COPY',
  goal: { atLeast: 0.8 },
  run,
};

const channels = 8;
const batchSize = 2_000;

async function run(bench: Bench): Promise<Result> {
  const { admin, load, options, databaseUrl } = bench;
  const count = bench.rows(200_000);
  const days = lastDays(3);
  const cpu = new CpuOfIngest(bench);
  let seed = 1;
  const ours = async (): Promise<number> => {
    await emptyTable(admin, days);
    const events = { seed: seed++, count, ...days };
    const { address } = bench.service;
    return perSecond(await cpu.of(() => load.ask({ kind: 'stream', address, events, channels, batchSize })));
  };
  const theirs = async (): Promise<number> => {
    await emptyTable(admin, days);
    return perSecond(await load.ask({ kind: 'copy', databaseUrl }));
  };
  await ours();
  await load.ask({ kind: 'keep-rows', databaseUrl });
  const sides = await compare(options.rounds, ours, theirs);
  return {
    value: sides.ratio,
    figures: {
      'through the service': `${round(sides.ours)} events/s in ${channels} streams of ${batchSize} a message`,
      'by COPY': `${round(sides.theirs)} rows/s`,
      ...cpu.figures(),
    },
  };
}

/** Up to an hour ago, in microseconds. */
export function lastDays(days: number): { start: number; end: number } {
  const end = (Date.now() - 3_600_000) * 1_000;
  return { start: end - days * dayMicros, end };
}
