import { compare, perSecond, round } from '@tidemark/testing/bench';
import type { Bench } from '../bench.ts';
import type { StatementWork } from '../load/orders.ts';
import { activeOf, insertUsers } from '../made-users.ts';
import type { Measure, Result } from '../measure.ts';

export const createUsers = measureOf('create', 'CreateUser without a password', 1_000);
export const lookupUsers = measureOf('lookup', 'LookupUser by username', 10_000);
export const updateUsers = measureOf('update', 'UpdateUser of a display name', 1_000);

function measureOf(what: StatementWork, call: string, calls: number): Measure {
  return {
    name: `${what}Users`,
    title: `${call}, calls/s, by the same SQL through pg`,
    run: (bench) => run(bench, what, calls),
  };
}

const inFlight = 64;

async function run(bench: Bench, what: StatementWork, calls: number): Promise<Result> {
  const count = bench.rows(calls);
  const { load, options, databaseUrl } = bench;
  await insertUsers(bench.admin, activeOf(bench.rows(100_000)));
  // Looked up or updated are the first users, time and again; every new one has a number of its own.
  let created = 0;
  const work = () => ({ what, first: what === 'create' ? (created += count) : 0, count, inFlight });
  const sides = await compare(
    options.rounds,
    async () => perSecond(await load.ask({ kind: 'calls', address: bench.service.address, ...work() })),
    async () => perSecond(await load.ask({ kind: 'statements', databaseUrl, ...work() })),
  );
  return {
    value: sides.ratio,
    figures: {
      'through the service': `${round(sides.ours)} calls/s, ${inFlight} in flight`,
      'by SQL': `${round(sides.theirs)}/s`,
    },
  };
}
