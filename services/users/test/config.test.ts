import { availableParallelism } from 'node:os';
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
    hashing: { atOnce: Math.min(2, availableParallelism()), maxWaiting: 200 },
    limits: { attemptsPerAccount: 20, attemptsPerAddress: 200, mailsPerAccount: 5, mailsPerAddress: 50 },
    mail: {
      transport: { to: 'log' },
      from: 'Tidemark <tidemark@localhost>',
      links: { PASSWORD_RESET: undefined, EMAIL_VERIFICATION: undefined },
    },
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
  ['ARGON2_MEMORY_KIB', '19455'],
  ['ARGON2_PASSES', '1'],
  ['ARGON2_PASSES', '1e3'],
  ['ARGON2_ALLOW_WEAK', 'true'],
  ['PASSWORD_HASHES_AT_ONCE', '4'],
  ['PASSWORD_HASHES_WAITING', '-1'],
  ['ATTEMPTS_PER_ACCOUNT', '0'],
  ['MAILS_PER_ADDRESS', 'none'],
  ['SMTP_URL', 'mail.example.com'],
  ['SMTP_TLS', 'no'],
  ['MAIL_FROM', 'Tidemark'],
  ['PASSWORD_RESET_LINK', 'https://example.com/reset'],
  ['EMAIL_VERIFICATION_LINK', '/verify#{token}'],
  ['ARGON2_LANES', 'two'],
  ['EVENTS_ADDRESS', 'events'],
  ['EVENTS_ADDRESS', 'http://events:50051'],
  ['EVENTS_ADDRESS', 'events:70000'],
  ['OUTBOX_ATTEMPTS', '0'],
  ['USERS_PURGE_AFTER', '30'],
  ['USERS_PURGE_AFTER', '0 days'],
  ['USERS_CHANGES_RETENTION', 'never'],
  ['USERS_PURGE_AFTER', '1000 years'],
  ['USERS_HOUSEKEEPING_INTERVAL_MS', '1'],
])('%s as %s is refused in one line that names it and the remedy', (name, value) => {
  const read = () => readConfig({ DATABASE_URL, [name]: value });
  expect(read).toThrow(StartupError);
  expect(read).toThrow(new RegExp(`^${name} is [^\n]*: set it to [^\n]*$`));
});

test('the password in a bad address is not repeated', () => {
  expect(() => readConfig({ DATABASE_URL: 'http://app:secret@db/x' })).toThrow(/^((?!secret).)*$/);
});

test('a hash may cost less than the minimum where a variable for tests says so', () => {
  const cheap = { ARGON2_MEMORY_KIB: '8', ARGON2_PASSES: '1' };
  expect(readConfig({ DATABASE_URL, ...cheap, ARGON2_ALLOW_WEAK: 'yes' }).argon2).toEqual({
    memoryKib: 8,
    passes: 1,
    lanes: 1,
  });
  expect(() => readConfig({ DATABASE_URL, ...cheap, ARGON2_ALLOW_WEAK: 'no' })).toThrow(/^ARGON2_MEMORY_KIB is "8"/);
});

test('hashes leave a thread of libuv to others, however many there are', () => {
  const threads = { DATABASE_URL, UV_THREADPOOL_SIZE: '16' };
  expect(readConfig({ ...threads, PASSWORD_HASHES_AT_ONCE: '15' }).hashing.atOnce).toBe(15);
  expect(() => readConfig({ ...threads, PASSWORD_HASHES_AT_ONCE: '16' })).toThrow(StartupError);
});

describe('mails', () => {
  const from = { DATABASE_URL, MAIL_FROM: 'Tidemark <no-reply@example.com>' };
  const smtp = (url: string, more = {}) => readConfig({ ...from, SMTP_URL: url, ...more }).mail.transport;

  test('go where SMTP_URL says', () => {
    expect(smtp('smtp://me%40there:p%40ss@mail.example.com')).toEqual({
      to: 'smtp',
      host: 'mail.example.com',
      port: 587,
      secure: false,
      requireTls: true,
      auth: { user: 'me@there', pass: 'p@ss' },
    });
    expect(smtp('smtps://mail.example.com')).toMatchObject({ port: 465, secure: true, auth: undefined });
    expect(smtp('smtp://[::1]:25', { SMTP_TLS: 'optional' })).toMatchObject({
      host: '::1',
      port: 25,
      requireTls: false,
    });
  });

  test('go into a folder, or one place only', () => {
    expect(readConfig({ DATABASE_URL, MAIL_DIRECTORY: 'mails' }).mail.transport).toEqual({
      to: 'directory',
      path: 'mails',
    });
    expect(() => smtp('smtp://mail.example.com', { MAIL_DIRECTORY: 'mails' })).toThrow(/leave one of them out/);
  });

  test('need a sender, and the password of the server is not repeated', () => {
    expect(() => readConfig({ DATABASE_URL, SMTP_URL: 'smtp://mail.example.com' })).toThrow(/^MAIL_FROM is not set/);
    expect(() => smtp('http://me:secret@mail.example.com')).toThrow(/^((?!secret).)*$/);
  });
});
