import { randomUUID } from 'node:crypto';
import { CreateUserRequest } from '@tidemark/contracts/users';
import type { RpcError } from '@tidemark/grpc-kit';
import { testServerUrl } from '@tidemark/testing';
import { accessLog, accessLogIsThere, countsOfDays, shiftedRange } from './access-log.ts';
import { BuiltSystem, countsByDay } from './built-system.ts';
import { runTool } from './processes.ts';

let system: BuiltSystem;

beforeAll(async () => (system = await BuiltSystem.onEmptyDatabase()));
afterAll(() => system.stop());

// The embedded database has no advisory locks between connections, by which the others wait for the first.
(testServerUrl ? test : test.skip)(
  'migrations of both services that start several times at once all end well',
  async () => {
    const migrating = Array.from({ length: 2 }, () =>
      (['events', 'users'] as const).map((service) => system.run(service, 'migrate').exit),
    );
    expect(await Promise.all(migrating.flat())).toEqual([0, 0, 0, 0]);
  },
);

test('a migration has something to do or nothing, and ends well', () => system.migrate());

(accessLogIsThere ? test : test.skip)(
  'the same log, imported through two instances at once, is stored once',
  async () => {
    const instances = await Promise.all([system.events(), system.events()]);
    const imports = instances.map(({ address }) =>
      runTool('import', [accessLog, '--shift-to', 'yesterday', '--events', address]),
    );
    expect(await Promise.all(imports.map(({ exit }) => exit))).toEqual([0, 0]);
    const counts = imports.map(({ output }) => /([\d,]+) stored, ([\d,]+) duplicates/.exec(output.text) ?? []);
    const [stored, duplicates] = [1, 2].map((column) =>
      counts.reduce((sum, each) => sum + Number((each[column] ?? '').replaceAll(',', '')), 0),
    );
    expect({ stored, duplicates }).toEqual({ stored: 9_999, duplicates: 9_999 });
    for (const { client } of instances) expect(await countsByDay(client, shiftedRange)).toEqual(countsOfDays);
  },
);

test('two instances of users give a name to one of those who want it, and each sees what the other did', async () => {
  const [one, other] = await Promise.all([system.users(), system.users()]);
  const wanted = Array.from({ length: 40 }, (_, index) => `name${index}`);
  const create = ({ client }: typeof one, username: string): Promise<unknown> =>
    client.createUser(CreateUserRequest.fromPartial({ user: { username, email: `${randomUUID()}@example.org` } }));
  const outcomes = await Promise.allSettled(
    wanted.flatMap((name) => [create(one, name), create(other, name.toUpperCase())]),
  );
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as RpcError] : []));
  expect(refused.map(({ reason }) => reason)).toEqual(Array(40).fill('USERNAME_TAKEN'));
  for (const username of wanted) {
    const found = await Promise.all(
      [one, other].map(({ client }) => client.lookupUser({ key: { $case: 'username', value: username } })),
    );
    expect(found[0]).toEqual(found[1]);
  }
});
