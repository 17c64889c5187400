import { emptyDatabase, testEdition, type TestDatabase } from '@tidemark/testing';
import pg from 'pg';
import type { HypertableSettings } from '../src/db/hypertable-settings.ts';
import { migrate } from '../src/db/migrate.ts';
import { log } from './harness.ts';

const edition = await testEdition();
const onApache = edition === 'apache' ? test : test.skip;
const onCommunity = edition === 'community' ? test : test.skip;
console.info(`The database has the ${edition} edition of TimescaleDB: tests of the other one are skipped.`);

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await emptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.stop();
});

/** Migrates, and answers what the log says of the events. */
async function migrated(retention: HypertableSettings['retention']): Promise<string[]> {
  const info = import.meta.jest.spyOn(log, 'info').mockReturnValue(undefined);
  await migrate(database.url, { chunkInterval: '1 day', retention }, log);
  const lines = info.mock.calls.map((call) => String(call.at(-1)));
  info.mockRestore();
  // What tells a repeated event from a new one is kept a day longer than they.
  return lines.filter((line) => !line.includes('corrections'));
}

async function mechanisms(): Promise<{ kept: string[]; policies: string[] }> {
  const kept = await client.query<{ kept: string }>(
    `SELECT drop_after::text AS kept FROM events.retentions WHERE hypertable = 'events'`,
  );
  const policies = await client.query<{ kept: string }>(
    `SELECT config ->> 'drop_after' AS kept FROM timescaledb_information.jobs
     WHERE proc_name = 'policy_retention' AND hypertable_schema = 'events' AND hypertable_name = 'events'`,
  );
  return { kept: kept.rows.map((row) => row.kept), policies: policies.rows.map((row) => row.kept) };
}

onApache('the retention is kept in the schema, and a change of it is in the log with how safe it is', async () => {
  expect(await migrated('3 months')).toContainEqual(expect.stringMatching(/^set \(destructive\): .*'3 months'/));
  expect(await mechanisms()).toEqual({ kept: ['3 mons'], policies: [] });
  expect(await migrated('3 months')).toEqual([]);
  expect(await migrated('2 years')).toEqual([expect.stringMatching(/^set \(safe\): .*'2 years'/)]);
  expect(await migrated('24 months')).toEqual([]);
  expect(await migrated('30 days')).toEqual([expect.stringMatching(/^set \(destructive\): .*'30 days'/)]);
  expect(await migrated('1 month')).toEqual([expect.stringMatching(/^set \(safe\): .*'1 month'/)]);
  expect(await mechanisms()).toEqual({ kept: ['1 mon'], policies: [] });
  expect(await migrated(undefined)).toEqual([expect.stringMatching(/^set \(safe\): DELETE FROM events.retentions /)]);
  expect(await mechanisms()).toEqual({ kept: [], policies: [] });
});

onApache('a policy that came along from the other edition counts for nothing', async () => {
  await migrated('3 months');
  await client.query(
    `INSERT INTO _timescaledb_config.bgw_job (
       application_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema, proc_name, owner,
       scheduled, fixed_schedule, hypertable_id, config
     )
     SELECT 'Retention Policy', '1 day', '5 min', -1, '5 min', '_timescaledb_functions', 'policy_retention',
       current_user::regrole, true, false, id, jsonb_build_object('drop_after', '1 year', 'hypertable_id', id)
     FROM _timescaledb_catalog.hypertable WHERE schema_name = 'events'`,
  );
  expect(await migrated('6 months')).toEqual([expect.stringMatching(/^set \(safe\): .*'6 months'/)]);
  expect((await mechanisms()).kept).toEqual(['6 mons']);
  expect(await migrated(undefined)).toHaveLength(1);
  expect((await mechanisms()).kept).toEqual([]);
});

onCommunity('a database that comes from the Apache edition gets the policy, and the kept retention goes', async () => {
  await migrated(undefined);
  await client.query(`INSERT INTO events.retentions VALUES ('events', '3 months')`);
  const changes = await migrated('3 months');
  expect(changes.at(0)).toMatch(/^set \(destructive\): .*add_retention_policy/);
  expect(changes.at(-1)).toMatch(/^set \(safe\): DELETE FROM events.retentions /);
  // The rollups are refreshed no further back than the events are kept.
  const refreshes = changes.filter((line) => line.includes("'start_offset', interval '2 months 26 days'"));
  expect(refreshes).toHaveLength(4);
  expect(await mechanisms()).toEqual({ kept: [], policies: ['3 mons'] });
  expect(await migrated('3 months')).toEqual([]);
  await client.query(`INSERT INTO events.retentions VALUES ('events', '3 months')`);
  await migrated(undefined);
  expect(await mechanisms()).toEqual({ kept: [], policies: [] });
});
