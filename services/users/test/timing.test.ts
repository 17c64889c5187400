import { randomBytes, randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import type { VerifyPasswordRequest } from '@tidemark/contracts/users';
import { compareTimes, seededRandom } from './compare-times.ts';
import { runUsers, type RunningUsers } from './running-users.ts';

const password = 'seven purple walruses';
const seed = Number(process.env['TIMING_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
// Of each kind: 2,100 calls of six, 2,000 of four.
const [verifications, requests] = [350, 500];
// Less than a service's, and still so much that a call which leaves it out is seen.
const argon2 = { memoryKib: 8_192, passes: 1, lanes: 1 };
/** What chance alone makes once in 10,000 runs. */
const improbable = 0.0001;

const timeLimitMs = 600_000;
// Each asks more than the one before: a machine that is busy with other things hides what a quiet one shows at once.
const controls = 4;

let service: RunningUsers;
let people: Somebodies;
beforeAll(async () => {
  console.info(`TIMING_SEED=${seed}`);
  service = await runUsers({}, { argon2 });
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
type Somebodies = Record<'known' | 'locked' | 'deleted' | 'without' | 'cheap', string[]>;

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
    cheap: await make(20),
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

const pick = (names: readonly string[], i: number): string => names[i % names.length] ?? '';
const wrong = (names: readonly string[]) => (i: number) => verify(byName(pick(names, i)), 'not the password');
const right = (names: readonly string[]) => (i: number) => verify(byName(pick(names, i)), password);
const reset = (names: readonly string[]) => (i: number) => ask(`${pick(names, i)}@example.com`);

test(
  'a wrong password, an unknown user, a locked or deleted one and one without a password take the same time',
  async () => {
    const { known, locked, deleted, without } = people;
    const comparison = await compareTimes(
      {
        wrong: wrong(known),
        unknown: wrong(nobodies),
        locked: wrong(locked),
        'locked, right': right(locked),
        deleted: right(deleted),
        without: wrong(without),
      },
      { each: verifications, random: seededRandom(seed) },
    );
    console.info(comparison.table);
    expect(comparison.calls).toBeGreaterThanOrEqual(2_000);
    expect(comparison.least).toBeGreaterThan(improbable);
  },
  timeLimitMs,
);

test(
  'a reset takes the same time for an email that is there and for one that is not',
  async () => {
    const { known, locked } = people;
    const others = [...nobodies.slice(7), ...nobodies.slice(0, 7)];
    const comparison = await compareTimes(
      { known: reset(known), unknown: reset(nobodies), locked: reset(locked), 'unknown too': reset(others) },
      { each: requests, random: seededRandom(seed + 1) },
    );
    console.info(comparison.table);
    expect(comparison.calls).toBeGreaterThanOrEqual(2_000);
    expect(comparison.least).toBeGreaterThan(improbable);
  },
  timeLimitMs,
);

describe('it would be seen', () => {
  test(
    'if no password were looked at for a user who is not there',
    async () => {
      // As if the service looked at no hash at all for them. Not before: it looks now and then at which costs there are.
      await service.sql.query(
        `update users.credentials set password_hash = $1
         where user_id in (select id from users.users where username = any($2::text[]))`,
        [await hash(password, { memoryCost: 8, timeCost: 1, parallelism: 1 }), people.cheap],
      );
      await expectSeen({ known: wrong(people.known), unknown: wrong(people.cheap) }, verifications);
    },
    timeLimitMs,
  );

  test(
    'if a reset looked for the user and made the token before it answers',
    () => {
      const { known } = people;
      const diligent = async (i: number): Promise<void> => {
        await reset(known)(i);
        const { rows } = await service.sql.query<{ id: string }>('select id from users.users where username_key = $1', [
          pick(known, i),
        ]);
        await service.sql.query(
          `insert into users.tokens (id, hash, user_id, purpose, email_key, expire_time)
           values (gen_random_uuid(), $1, $2, 'PASSWORD_RESET', '', now())`,
          [randomBytes(32), rows[0]?.id],
        );
      };
      return expectSeen({ known: diligent, unknown: reset(nobodies) }, requests);
    },
    timeLimitMs,
  );
});

async function expectSeen(kinds: Parameters<typeof compareTimes>[0], each: number): Promise<void> {
  let least = 1;
  for (let control = 1; control <= controls && least >= improbable; control += 1) {
    const comparison = await compareTimes(kinds, { each: control * each, random: seededRandom(seed + 1 + control) });
    console.info(comparison.table);
    ({ least } = comparison);
  }
  expect(least).toBeLessThan(improbable);
}
