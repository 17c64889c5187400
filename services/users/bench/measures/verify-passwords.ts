import { availableParallelism } from 'node:os';
import { compare, perSecond, round } from '@tidemark/testing/bench';
import type { Bench } from '../bench.ts';
import { insertPasswords, insertUsers, passwords } from '../made-users.ts';
import type { Measure, Result } from '../measure.ts';

export const verifyPasswords: Measure = {
  name: 'verifyPasswords',
  title: 'VerifyPassword, calls/s, by the hash alone on all cores',
  goal: { atLeast: 0.9 },
  run,
};

const inFlight = 64;

async function run(bench: Bench): Promise<Result> {
  const { admin, load, options, service } = bench;
  const count = bench.rows(1_000);
  await insertUsers(admin, passwords);
  await insertPasswords(admin);
  const sides = await compare(
    options.rounds,
    async () => {
      const order = { kind: 'calls', address: service.address, what: 'verify', first: 0, count, inFlight } as const;
      return perSecond(await load.ask(order));
    },
    async () => perSecond(await load.ask({ kind: 'hashes', count, atOnce: availableParallelism() })),
  );
  return {
    value: sides.ratio,
    figures: {
      'through the service': `${round(sides.ours)} calls/s, ${inFlight} in flight`,
      'hashes alone': `${round(sides.theirs)}/s, ${availableParallelism()} at once`,
      'a hash': `${round((1_000 / sides.theirs) * availableParallelism())} ms`,
    },
  };
}
