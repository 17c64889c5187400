import { testServerUrl } from '@tidemark/testing';
import { Client } from 'pg';
import { Database } from '../src/db/database.ts';
import { pruneCredentials } from '../src/db/prune-credentials.ts';
import { mailbox, tokenIn } from './mailbox.ts';
import { freshDatabase, runUsers } from './running-users.ts';

// The embedded database counts no scans.
const onRealServer = testServerUrl ? test : test.skip;

const rows = 20_000;
const password = 'seven purple walruses';
const tables = ['users', 'credentials', 'budgets', 'known_addresses', 'tokens'];

const filling = `
  insert into users.users (
    id, username, username_key, email, email_key, display_name, bio, avatar_url, locale, time_zone,
    state, email_verified, revision, create_time, update_time
  )
  select gen_random_uuid(), 'u' || n, 'u' || n, 'u' || n || '@example.org', 'u' || n || '@example.org',
    '', '', '', '', '', 'ACTIVE', false, 1, now(), now()
  from generate_series(1, ${rows}) n;
  insert into users.credentials (user_id, password_hash, update_time)
  select id, '$argon2id$v=19$m=64,t=1,p=1$none$none', now() from users.users;
  insert into users.budgets (key, full_time)
  select sha256(id::text::bytea), now() + random() * interval '1 hour' from users.users;
  insert into users.known_addresses (user_id, address_hash, seen_time)
  select id, sha256(id::text::bytea), now() - random() * interval '80 days' from users.users;
  insert into users.tokens (id, hash, user_id, purpose, email_key, expire_time)
  select id, sha256(id::text::bytea), id, 'PASSWORD_RESET', email_key, now() + random() * interval '1 hour'
  from users.users;
  analyze users.users, users.credentials, users.budgets, users.known_addresses, users.tokens`;

onRealServer('neither a call nor the housekeeping reads a whole table', async () => {
  const box = await mailbox();
  const full = await freshDatabase();
  const sql = new Client(full.url);
  await sql.connect();
  await sql.query(filling);
  await sql.query('select pg_stat_force_next_flush()');
  const before = await scans();
  const service = await runUsers(
    {},
    {
      mail: {
        transport: { to: 'smtp', host: '127.0.0.1', port: box.port, secure: false, requireTls: false, auth: undefined },
        from: 'no-reply@example.com',
        links: { PASSWORD_RESET: undefined, EMAIL_VERIFICATION: undefined },
      },
    },
    full,
  );
  const { id, username, email } = await service.make({}, password);
  const { credentials } = service;
  const address = '203.0.113.7';
  const newPassword = `${password} 2`;
  for (const user of [
    { $case: 'id', value: id },
    { $case: 'username', value: username },
    { $case: 'email', value: email },
  ] as const) {
    await credentials.verifyPassword({ user, password, address });
    await credentials.verifyPassword({ user, password: 'wrong', address });
  }
  await credentials.changePassword({ userId: id, currentPassword: password, newPassword, address });
  await credentials.requestEmailVerification({ userId: id, address });
  await credentials.verifyEmail({ token: tokenIn(await box.next(email)) });
  await credentials.requestPasswordReset({ email, address });
  await credentials.resetPassword({ token: tokenIn(await box.next(email)), newPassword, address });
  const database = new Database({ url: service.databaseUrl, poolSize: 1 });
  await pruneCredentials(database.session(), Date.now() * 1_000);
  await database.close();
  // A connection tells what it has scanned when it ends, at the latest.
  await service.stopServing();
  expect(await scans()).toEqual(before);
  await service.stop();
  await sql.end();
  await full.stop();
  await box.stop();

  async function scans(): Promise<Record<string, number>> {
    const { rows: counts } = await sql.query<{ relname: string; seq_scan: string }>(
      `select relname, seq_scan from pg_stat_user_tables where schemaname = 'users' and relname = any($1)`,
      [tables],
    );
    return Object.fromEntries(counts.map(({ relname, seq_scan: count }) => [relname, Number(count)]));
  }
});
