import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CredentialsServiceService } from '@tidemark/contracts/users';
import { rpcClient } from '@tidemark/grpc-kit';
import { silentLog } from '@tidemark/testing';
import type { Config } from '../src/config.ts';
import { AtMost } from '../src/domain/at-most.ts';
import { Overloaded } from '../src/domain/credential-errors.ts';
import { PasswordHasher } from '../src/domain/password-hasher.ts';
import { create } from '../src/service.ts';
import { retryAfterMs } from './retry-info.ts';
import { argon2, configFor, errorOf, runUsers, type RunningUsers } from './running-users.ts';

const password = 'seven purple walruses';
const costlier = { ...argon2, passes: 2 };
const pool = { atOnce: 2, maxWaiting: 100 };
const never = new AbortController().signal;

let service: RunningUsers;
beforeAll(async () => (service = await runUsers()));
afterAll(() => service.stop());

/** Another instance on the same database, which hashes otherwise. */
async function otherwise<T>(
  config: Partial<Config>,
  use: (credentials: RunningUsers['credentials']) => Promise<T>,
): Promise<T> {
  const other = await create({ ...configFor(service.databaseUrl), ...config }, { log: silentLog('users') });
  const credentials = rpcClient(CredentialsServiceService, `127.0.0.1:${other.port}`);
  try {
    return await use(credentials);
  } finally {
    credentials.close();
    await other.stop();
  }
}

async function costOf(id: string): Promise<string> {
  const { rows } = await service.sql.query<{ cost: string }>(
    `select split_part(password_hash, '$', 4) as cost from users.credentials where user_id = $1`,
    [id],
  );
  return rows[0]?.cost ?? '';
}

test('a hash of another cost is replaced when its password is right, and only then', async () => {
  const { id } = await service.make({}, password);
  const user = { $case: 'id', value: id } as const;
  await otherwise({ argon2: costlier }, async (credentials) => {
    await credentials.verifyPassword({ user, password: 'wrong', address: '' });
    expect(await costOf(id)).toBe('m=64,t=1,p=1');
    expect((await credentials.verifyPassword({ user, password, address: '' })).verified).toBe(true);
    expect(await costOf(id)).toBe('m=64,t=2,p=1');
    expect((await credentials.verifyPassword({ user, password, address: '' })).verified).toBe(true);
  });
  // Back again, also to what is cheaper.
  expect((await service.credentials.verifyPassword({ user, password, address: '' })).verified).toBe(true);
  expect(await costOf(id)).toBe('m=64,t=1,p=1');
});

test('who has no hash is worked for as those who have one: in the same shares, and each name always the same', async () => {
  const dear = { memoryKib: 16_384, passes: 4, lanes: 1 };
  const hasher = await PasswordHasher.create(argon2, pool);
  await hasher.resemble([
    { cost: dear, share: 0.25 },
    { cost: argon2, share: 0.75 },
  ]);
  const took = async (name: number): Promise<number> => {
    const times: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const began = performance.now();
      expect(await hasher.verify({ passwordHash: undefined, name }, 'nobody has this password', never)).toBe(false);
      times.push(performance.now() - began);
    }
    return Math.min(...times);
  };
  const [low, below, above, high] = [await took(0), await took(0.24), await took(0.26), await took(0.99)];
  expect(Math.min(low, below)).toBeGreaterThan(3 * Math.max(above, high));
});

test('the costs of the hashes that are kept are what the service looks at when it starts', async () => {
  const dear = { memoryKib: 8_192, passes: 4, lanes: 1 };
  const made = await service.make({}, password);
  await otherwise({ argon2: dear }, (credentials) =>
    credentials.verifyPassword({ user: { $case: 'id', value: made.id }, password, address: '' }),
  );
  expect(await costOf(made.id)).toBe('m=8192,t=4,p=1');
  await service.sql.query('delete from users.credentials where user_id <> $1', [made.id]);
  // All there is are costly hashes: somebody unknown takes as long, though new hashes are cheap.
  await otherwise({}, async (credentials) => {
    const took = async (value: string): Promise<number> => {
      const began = performance.now();
      await credentials.verifyPassword({ user: { $case: 'id', value }, password: 'wrong', address: '' });
      return performance.now() - began;
    };
    await took(randomUUID());
    const [unknown, known]: [number[], number[]] = [[], []];
    // Of each the fastest: what else the machine does makes any one of them slow.
    for (let i = 0; i < 7; i += 1) {
      unknown.push(await took(randomUUID()));
      known.push(await took(made.id));
    }
    expect(Math.min(...unknown)).toBeGreaterThan(Math.min(...known) / 3);
  });
});

test('more than the pool can take is refused with OVERLOADED, costs no attempt, and says when to come again', async () => {
  const { id } = await service.make({}, password);
  const user = { $case: 'id', value: id } as const;
  // Slower than a database that commits one attempt after another.
  const slow = { memoryKib: 65_536, passes: 4, lanes: 1 };
  const most = 8;
  const limits = { attemptsPerAccount: most, attemptsPerAddress: most, mailsPerAccount: 1, mailsPerAddress: 1 };
  await otherwise({ argon2: slow, hashing: { atOnce: 1, maxWaiting: 1 }, limits }, async (credentials) => {
    const verify = (text: string) => credentials.verifyPassword({ user, password: text, address: '203.0.113.7' });
    await service.sql.query('delete from users.credentials where user_id <> $1', [id]);
    await verify(password);
    const outcomes = await Promise.allSettled(Array.from({ length: most }, () => verify('wrong')));
    const answered = outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    expect(answered).toBeGreaterThanOrEqual(1);
    expect(answered).toBeLessThan(most);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    const error = await errorOf(Promise.reject(refused?.reason as Error));
    expect(error.reason).toBe('OVERLOADED');
    expect(retryAfterMs(error)).toBe(1_000);
    for (let i = answered; i < most; i += 1) await verify('wrong');
    expect((await errorOf(verify('wrong'))).reason).toBe('ATTEMPTS_LIMITED');
  });
});

test('one that would wait behind too many is refused at once', async () => {
  const slots = new AtMost({ atOnce: 1, maxWaiting: 1 });
  const { promise: freed, resolve: free } = Promise.withResolvers<string>();
  const first = slots.run(never, () => freed);
  const second = slots.run(never, () => Promise.resolve('second'));
  await expect(slots.run(never, () => Promise.resolve('third'))).rejects.toThrow(Overloaded);
  free('first');
  expect(await Promise.all([first, second])).toEqual(['first', 'second']);
});

test('hashing leaves the event loop and threads of libuv to others', async () => {
  const hasher = await PasswordHasher.create({ memoryKib: 19_456, passes: 2, lanes: 1 }, pool);
  const hashing = Promise.all(Array.from({ length: 12 }, () => hasher.hash(password, never)));
  const hashed = new AbortController();
  void hashing.then(() => hashed.abort());
  let reads = 0;
  while (!hashed.signal.aborted) {
    await readFile(import.meta.filename);
    reads += 1;
  }
  expect(reads).toBeGreaterThan(20);
});
