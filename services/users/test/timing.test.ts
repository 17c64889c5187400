import { randomUUID } from 'node:crypto';
import type { VerifyPasswordRequest } from '@tidemark/contracts/users';
import { testServerUrl } from '@tidemark/testing';
import { compareTimes, seededRandom } from './compare-times.ts';
import { runUsers, type RunningUsers } from './running-users.ts';

const password = 'seven purple walruses';
const seed = Number(process.env['TIMING_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
// The embedded database does one thing at a time, and slowly: it is asked less, and a real server 2,000 times and more.
const [verifications, requests] = testServerUrl ? [350, 500] : [100, 150];
/** What chance alone makes once in 10,000 runs. */
const improbable = 0.0001;

const timeLimitMs = 300_000;
// Each asks more than the one before: a machine that is busy with other things hides what a quiet one shows at once.
const controls = 4;

let service: RunningUsers;
let people: Somebodies;
beforeAll(async () => {
  console.info(`TIMING_SEED=${seed}`);
  service = await runUsers();
  people = await somebodies();
}, timeLimitMs);
afterAll(() => service.stop());

type Key = NonNullable<VerifyPasswordRequest['user']>;
const byName = (value: string): Key => ({ $case: 'username', value });
let calls = 0;
// An address of its own for each call, so that none waits for the row of another's.
const address = (): string => `10.${(calls += 1) >> 16}.${(calls >> 8) & 255}.${calls & 255}`;
const verify = (user: Key, text: string) =>
  service.credentials.verifyPassword({ user, password: text, address: address() });
const ask = (email: string) => service.credentials.requestPasswordReset({ email, address: address() });

/** Names of users as they can be, all of the same length. */
type Somebodies = Record<'known' | 'locked' | 'deleted' | 'without', string[]>;

async function somebodies(): Promise<Somebodies> {
  const make = async (count: number, withPassword = true): Promise<string[]> => {
    const names: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const username = randomUUID();
      names.push(username);
      await service.make({ username, email: `${username}@example.com` }, withPassword ? password : '');
    }
    return names;
  };
  const all = {
    known: await make(20),
    locked: await make(20),
    deleted: await make(20),
    without: await make(20, false),
  };
  await service.sql.query(
    `update users.users set state = 'LOCKED', lock_time = now() where username = any($1::text[])`,
    [all.locked],
  );
  await service.sql.query(
    `update users.users set state = 'DELETED', delete_time = now() where username = any($1::text[])`,
    [all.deleted],
  );
  return all;
}

// As many as of the others, so that the rows of their budgets are met as often.
const nobodies = Array.from({ length: 20 }, () => randomUUID());

test(
  'a wrong password, an unknown user, a locked or deleted one and one without a password take the same time',
  async () => {
    const { known, locked, deleted, without } = people;
    const pick = (names: readonly string[], i: number): Key => byName(names[i % names.length] ?? '');
    const comparison = await compareTimes(
      {
        wrong: (i) => verify(pick(known, i), 'not the password'),
        unknown: (i) => verify(pick(nobodies, i), 'not the password'),
        locked: (i) => verify(pick(locked, i), 'not the password'),
        'locked, right': (i) => verify(pick(locked, i), password),
        deleted: (i) => verify(pick(deleted, i), password),
        without: (i) => verify(pick(without, i), 'not the password'),
      },
      { each: verifications, random: seededRandom(seed) },
    );
    console.info(comparison.table);
    expect(comparison.least).toBeGreaterThan(improbable);
  },
  timeLimitMs,
);

test(
  'a reset takes the same time for an email that is there and for one that is not',
  async () => {
    const { known, locked } = people;
    const pick = (names: readonly string[], i: number): string => `${names[i % names.length]}@example.com`;
    const comparison = await compareTimes(
      {
        known: (i) => ask(pick(known, i)),
        unknown: (i) => ask(pick(nobodies, i)),
        locked: (i) => ask(pick(locked, i)),
        'unknown too': (i) => ask(pick(nobodies, i + 7)),
      },
      { each: requests, random: seededRandom(seed + 1) },
    );
    console.info(comparison.table);
    expect(comparison.least).toBeGreaterThan(improbable);
  },
  timeLimitMs,
);

test(
  'half as much time again would be seen',
  async () => {
    const planted = async (user: Key): Promise<void> => {
      const began = performance.now();
      await verify(user, 'not the password');
      const until = performance.now() + (performance.now() - began) / 2;
      while (performance.now() < until);
    };
    const pick = (names: readonly string[], i: number): Key => byName(names[i % names.length] ?? '');
    let least = 1;
    for (let control = 1; control <= controls && least >= improbable; control += 1) {
      const comparison = await compareTimes(
        {
          wrong: (i) => verify(pick(people.known, i), 'not the password'),
          planted: (i) => planted(pick(nobodies, i)),
        },
        { each: control * verifications, random: seededRandom(seed + 1 + control) },
      );
      console.info(comparison.table);
      ({ least } = comparison);
    }
    expect(least).toBeLessThan(improbable);
  },
  timeLimitMs,
);
