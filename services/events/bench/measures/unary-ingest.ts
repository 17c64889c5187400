import { compare, type Outcome, perSecond, round } from '@tidemark/testing/bench';
import { NullServer } from '../null-server.ts';
import type { Bench } from '../bench.ts';
import { CpuOfIngest } from '../cpu-of-ingest.ts';
import { emptyTable } from '../empty-table.ts';
import type { Measure, Result } from '../measure.ts';
import { lastDays } from './stream-ingest.ts';

export const unaryIngest: Measure = {
  name: 'unaryIngest',
  title: 'one-event calls/s, by the same calls to a handler that stores nothing',
  goal: { atLeast: 0.75 },
  run,
};

const inFlight = 64;

async function run(bench: Bench): Promise<Result> {
  const { admin, load, options } = bench;
  const count = bench.rows(20_000);
  const days = lastDays(1);
  const cpu = new CpuOfIngest(bench);
  let seed = 1;
  const nullServer = await NullServer.start();
  const callsTo = (address: string): Promise<Outcome> =>
    load.ask({ kind: 'unary', address, events: { seed: seed++, count, ...days }, inFlight });
  try {
    const ours = async (): Promise<number> => {
      await emptyTable(admin, days);
      return perSecond(await cpu.of(() => callsTo(bench.service.address)));
    };
    const theirs = async (): Promise<number> => perSecond(await callsTo(nullServer.address));
    const sides = await compare(options.rounds, ours, theirs);
    return {
      value: sides.ratio,
      figures: {
        'through the service': `${round(sides.ours)} calls/s, ${inFlight} in flight`,
        'stored nowhere': `${round(sides.theirs)} calls/s`,
        ...cpu.figures(),
      },
    };
  } finally {
    nullServer.stop();
  }
}
