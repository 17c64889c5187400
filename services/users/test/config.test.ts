import { StartupError } from '@tidemark/grpc-kit';
import { readConfig } from '../src/config.ts';

const DATABASE_URL = 'postgres://app:secret@db:5432/tidemark';

test('only the database must be given', () => {
  expect(readConfig({ DATABASE_URL })).toEqual({
    host: '127.0.0.1',
    port: 50_052,
    database: { url: DATABASE_URL, poolSize: 10 },
    argon2: { memoryKib: 19_456, passes: 2, lanes: 1 },
    eventsAddress: undefined,
    outboxAttempts: 10,
    purgeAfter: '30 days',
    changesRetention: '7 days',
    housekeepingIntervalMs: 3_600_000,
    logLevel: 'info',
    shutdownGraceMs: 10_000,
  });
});

test.each([
  ['DATABASE_URL', undefined],
  ['DATABASE_URL', 'mysql://db/tidemark'],
  ['DATABASE_URL', 'postgres://db'],
  ['USERS_PORT', '65536'],
  ['USERS_PORT', '80.5'],
  ['LOG_LEVEL', 'loud'],
  ['SHUTDOWN_GRACE_MS', '-1'],
  ['DATABASE_POOL_SIZE', '0'],
  ['ARGON2_MEMORY_KIB', '7'],
  ['ARGON2_PASSES', '1e3'],
  ['ARGON2_LANES', 'two'],
  ['EVENTS_ADDRESS', 'events'],
  ['EVENTS_ADDRESS', 'http://events:50051'],
  ['EVENTS_ADDRESS', 'events:70000'],
  ['OUTBOX_ATTEMPTS', '0'],
  ['USERS_PURGE_AFTER', '30'],
  ['USERS_PURGE_AFTER', '0 days'],
  ['USERS_CHANGES_RETENTION', 'never'],
  ['USERS_HOUSEKEEPING_INTERVAL_MS', '1'],
])('%s as %s is refused in one line that names it and the remedy', (name, value) => {
  const read = () => readConfig({ DATABASE_URL, [name]: value });
  expect(read).toThrow(StartupError);
  expect(read).toThrow(new RegExp(`^${name} is [^\n]*: set it to [^\n]*$`));
});

test('the password in a bad address is not repeated', () => {
  expect(() => readConfig({ DATABASE_URL: 'http://app:secret@db/x' })).toThrow(/^((?!secret).)*$/);
});
