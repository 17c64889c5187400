import pg from 'pg';

/** Everything that the migrations make in a database, as text that is the same for databases that are alike. */
export async function schemaOf(url: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const lines: string[] = [];
    for (const statement of statements) {
      const { rows } = await client.query<{ line: string }>(statement);
      lines.push(...rows.map(({ line }) => line));
    }
    return lines;
  } finally {
    await client.end();
  }
}

const statements = [
  `SELECT format('column %s.%s %s %s', table_name, column_name, data_type, is_nullable) AS line
   FROM information_schema.columns WHERE table_schema = 'events' ORDER BY table_name, ordinal_position`,
  `SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(oid)) AS line
   FROM pg_constraint WHERE connamespace = 'events'::regnamespace ORDER BY 1`,
  `SELECT format('function %s %s', pg_get_functiondef(oid), proacl) AS line
   FROM pg_proc WHERE pronamespace = 'events'::regnamespace ORDER BY 1`,
  `SELECT format('rights %s %s', relname, relacl) AS line
   FROM pg_class WHERE relnamespace = 'events'::regnamespace AND relkind IN ('r', 'S') ORDER BY 1`,
  `SELECT format('rights %s', nspacl) AS line FROM pg_namespace WHERE nspname = 'events'`,
  `SELECT format('migration %s', name) AS line FROM events.migrations ORDER BY id`,
  `SELECT format('setting %s, %s bytes', name, length(value)) AS line FROM events.settings ORDER BY 1`,
  `SELECT format('kept %s %s', hypertable, drop_after) AS line FROM events.retentions ORDER BY 1`,
  `SELECT format('chunks of %s by %s', time_interval, column_name) AS line FROM timescaledb_information.dimensions`,
  `SELECT format('policy %s', config - 'hypertable_id') AS line
   FROM timescaledb_information.jobs WHERE hypertable_name = 'events'`,
];
