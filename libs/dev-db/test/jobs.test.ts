import { setTimeout as wait } from 'node:timers/promises';
import { start, type DevDatabase, type DevDatabaseEvent } from '../src/index.ts';
import { closeClients, connect, until, value } from './clients.ts';

let db: DevDatabase;
const events: DevDatabaseEvent[] = [];

beforeAll(async () => {
  db = await start({ jobIntervalMs: 200, onEvent: (event) => events.push(event) });
});
afterAll(async () => {
  await closeClients();
  await db.stop();
});

test('a due retention policy is run', async () => {
  const client = await connect(db);
  await client.query(`
    CREATE TABLE old (at timestamptz NOT NULL);
    SELECT create_hypertable('old', 'at');
    INSERT INTO old VALUES (now()), (now() - interval '90 days');
    SELECT add_retention_policy('old', INTERVAL '30 days')`);
  await until(async () => (await value(client, 'SELECT count(*)::int FROM old')) === 1);
});

test("a user's job runs at its interval, never inside a client's transaction", async () => {
  const client = await connect(db);
  await client.query(`
    CREATE TABLE run (at timestamptz DEFAULT clock_timestamp());
    CREATE PROCEDURE tick(job_id int, config jsonb) LANGUAGE SQL AS 'INSERT INTO run DEFAULT VALUES'`);
  await client.query('BEGIN');
  await client.query(`SELECT add_job('tick', '300 milliseconds')`);
  await new Promise((later) => setTimeout(later, 600));
  expect(await value(client, 'SELECT count(*)::int FROM run')).toBe(0);
  await client.query('COMMIT');
  await until(async () => Number(await value(client, 'SELECT count(*) FROM run')) >= 3);
});

test("a job's NOTIFY reaches whoever listens, also while a transaction comes in between", async () => {
  const [client, other] = [await connect(db), await connect(db)];
  let heard = 0;
  client.on('notification', () => heard++);
  await client.query('LISTEN ticked');
  await client.query(`
    CREATE PROCEDURE tell(job_id int, config jsonb) LANGUAGE SQL AS 'NOTIFY ticked';
    SELECT add_job('tell', '300 milliseconds')`);
  await until(() => heard > 0);
  await other.query('BEGIN');
  await wait(700);
  await other.query('COMMIT');
  const before = heard;
  await until(() => heard > before);
});

test('a disabled job and one that starts later are left alone; a failing one is reported and tried again', async () => {
  const client = await connect(db);
  await client.query(`
    CREATE TABLE never (a int);
    CREATE PROCEDURE wrong(job_id int, config jsonb) LANGUAGE SQL AS 'INSERT INTO never VALUES (1)';
    CREATE PROCEDURE broken(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN RAISE 'no luck'; END $$;
    SELECT add_job('wrong', '1 second', scheduled => false);
    SELECT add_job('wrong', '1 second', initial_start => now() + interval '1 hour')`);
  const id = await value(client, `SELECT add_job('broken', '300 milliseconds')`);
  await until(() => events.filter((event) => event.kind === 'job-failed' && event.job === id).length >= 2);
  expect(events.find((event) => event.kind === 'job-failed')).toMatchObject({ message: 'no luck' });
  expect(await value(client, 'SELECT count(*)::int FROM never')).toBe(0);
});

test('tables that have grown are analyzed, so that row counts can be estimated', async () => {
  const client = await connect(db);
  await client.query(`
    CREATE TABLE grown (at timestamptz NOT NULL);
    SELECT create_hypertable('grown', 'at');
    INSERT INTO grown SELECT now() - i * interval '1 hour' FROM generate_series(1, 500) AS i`);
  const estimated = (): Promise<unknown> => value(client, `SELECT approximate_row_count('grown')::int`);
  await until(async () => (await estimated()) === 500);
  await client.query(`INSERT INTO grown SELECT now() - i * interval '1 second' FROM generate_series(1, 20000) AS i`);
  await until(async () => Number(await estimated()) > 15_000);
});
