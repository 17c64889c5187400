import { median, round } from '@tidemark/testing/bench';
import { Database } from '../../src/db/database.ts';
import { findUser } from '../../src/db/find-user.ts';
import { listUsers } from '../../src/db/list-users.ts';
import { statementsOf, type Ask } from '../../rig/statements-of.ts';
import type { Bench } from '../bench.ts';
import { listPages } from '../list-pages.ts';
import { idOf, insertUsers, nameOf } from '../made-users.ts';
import type { Measure, Result } from '../measure.ts';

export const million: Measure = {
  name: 'million',
  title: 'the slowest of LookupUser and all pages of ListUsers among a million users, ms at the database in the median',
  goal: { atMost: 5 },
  run,
};

const pageSize = 50;
const shownPages = 3;

async function run(bench: Bench): Promise<Result> {
  const count = bench.rows(1_000_000);
  await insertUsers(bench.admin, count);
  const database = new Database({ url: bench.databaseUrl, poolSize: 1 });
  const msOf = (ask: Ask): Promise<number> => medianMs(bench, database, ask);
  try {
    const someone = Math.floor(count / 3);
    const lookups = [
      { name: 'LookupUser by username', ms: await msOf((em) => findUser(em, { usernameKey: nameOf(someone) })) },
      {
        name: 'LookupUser by email',
        ms: await msOf((em) => findUser(em, { emailKey: `${nameOf(someone)}@example.com` })),
      },
      { name: 'GetUser', ms: await msOf((em) => findUser(em, { id: idOf(someone) })) },
    ];
    const pages = [];
    for (const { name, list, after } of listPages(count))
      pages.push({ name, ms: await msOf((em) => listUsers(em, list, pageSize, after)) });
    return resultOf(count, lookups, pages);
  } finally {
    await database.close();
  }
}

interface Timed {
  name: string;
  ms: number;
}

function resultOf(users: number, lookups: readonly Timed[], pages: readonly Timed[]): Result {
  const slowest = pages.toSorted((a, b) => b.ms - a.ms);
  const shown = [...lookups, ...slowest.slice(0, shownPages)];
  return {
    value: Math.max(...[...lookups, ...pages].map(({ ms }) => ms)),
    figures: {
      users: round(users),
      [`${pages.length} pages of ListUsers`]: `${round(median(pages.map(({ ms }) => ms)))} ms in the middle`,
      ...Object.fromEntries(shown.map(({ name, ms }) => [name, `${round(ms)} ms`])),
    },
  };
}

/** How long the database plans and executes what `ask` sends it: for so many times, once each to warm up. */
async function medianMs({ admin, options }: Bench, database: Database, ask: Ask): Promise<number> {
  const statements = await statementsOf(database.session(), ask);
  const times: number[] = [];
  for (let round = -1; round < options.rounds; round++) {
    let ms = 0;
    for (const statement of statements) ms += await msAtDatabase(admin, statement);
    if (round >= 0) times.push(ms);
  }
  return median(times);
}

async function msAtDatabase(admin: Bench['admin'], statement: string): Promise<number> {
  const { rows } = await admin.query<{ 'QUERY PLAN': [{ 'Planning Time': number; 'Execution Time': number }] }>(
    `explain (analyze, timing off, format json) ${statement}`,
  );
  const [{ 'Planning Time': planning, 'Execution Time': execution } = { 'Planning Time': NaN, 'Execution Time': NaN }] =
    rows[0]?.['QUERY PLAN'] ?? [];
  return planning + execution;
}
