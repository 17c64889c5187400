import { status } from '@grpc/grpc-js';
import { IngestEventsRequest, QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { CreateUserRequest } from '@tidemark/contracts/users';
import { BuiltSystem } from './built-system.ts';

let system: BuiltSystem;

beforeAll(async () => (system = await BuiltSystem.onEmptyDatabase()));
afterAll(() => system.stop());

test.each(['events', 'users'] as const)('%s refuses a database without its schema in one line', async (service) => {
  const { exit, output } = system.run(service, 'main');
  expect(await exit).toBe(1);
  expect(output.text).toMatch(new RegExp(`^[^\n]*npx nx run ${service}:migrate[^\n]*\n$`));
});

test.each(['events', 'users'] as const)('%s migrates once, and again without a change', async (service) => {
  expect(await system.run(service, 'migrate').exit).toBe(0);
  expect(await system.run(service, 'migrate').exit).toBe(0);
});

test.each([
  ['events', { DATABASE_URL: 'postgresql://postgres@127.0.0.1:1/postgres' }, /The database cannot be reached/],
  ['users', { DATABASE_URL: 'mysql://somewhere/else' }, /DATABASE_URL/],
  ['events', { EVENTS_PORT: 'many' }, /EVENTS_PORT is "many"/],
  ['users', { LOG_LEVEL: 'loud' }, /LOG_LEVEL is "loud"/],
] as const)('%s with %j says what is wrong in one line', async (service, env, line) => {
  const { exit, output } = system.run(service, 'main', env);
  expect(await exit).toBe(1);
  expect(output.text).toMatch(line);
  expect(output.text.trimEnd()).not.toContain('\n');
});

test('the bundles serve, keep apart, and stop on SIGTERM', async () => {
  const { client: eventsClient, running: events } = await system.events();
  const { client: usersClient, running: users } = await system.users();

  const { user } = await usersClient.createUser(
    CreateUserRequest.fromPartial({ user: { username: 'Ada', email: 'ada@example.org' } }),
  );
  const now = Math.floor(Date.now() / 1_000);
  const event = {
    id: '00000000-0000-4000-8000-000000000001',
    time: { seconds: BigInt(now) },
    page: '/',
    userId: user?.id ?? '',
  };
  expect(await eventsClient.ingestEvents(IngestEventsRequest.fromPartial({ events: [event] }))).toMatchObject({
    stored: 1,
  });
  const { buckets } = await eventsClient.queryBuckets(
    QueryBucketsRequest.fromPartial({
      range: { start: { seconds: BigInt(now) }, end: { seconds: BigInt(now + 1) } },
      width: { unit: TimeUnit.SECOND },
      filter: { userId: user?.id ?? '' },
    }),
  );
  expect(buckets).toMatchObject([{ count: 1n, start: { seconds: BigInt(now) } }]);

  for (const { child } of [events, users]) child.kill('SIGTERM');
  expect(await Promise.all([events.exit, users.exit])).toEqual([0, 0]);
  await expect(eventsClient.getEvent({ id: event.id }, { timeoutMs: 30_000 })).rejects.toMatchObject({
    code: status.UNAVAILABLE,
  });
});
