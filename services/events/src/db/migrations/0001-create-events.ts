import { randomBytes } from 'node:crypto';
import { Migration } from '@mikro-orm/migrations';

/**
 * The hypertable of events, the role of the service, and what the role may do: read and add, but neither change nor
 * remove. Chunks belong to the table's owner, who drops them.
 */
export class CreateEvents extends Migration {
  override up(): void {
    this.addSql(
      `DO $$ BEGIN CREATE ROLE tidemark_events NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
    this.addSql(`
      CREATE TABLE events.events (
        time timestamptz NOT NULL,
        id uuid NOT NULL,
        received_time timestamptz NOT NULL,
        page text NOT NULL,
        user_agent text,
        ip_address inet,
        referrer text,
        session_id text,
        user_id text,
        duration_us bigint CHECK (duration_us >= 0),
        properties jsonb,
        PRIMARY KEY (time, id)
      )`);
    // The key serves the range scan as well, so that TimescaleDB's own index on the time would only cost.
    this.addSql(
      `SELECT create_hypertable('events.events', by_range('time', INTERVAL '1 day'), create_default_indexes => false)`,
    );
    this.addSql(`CREATE TABLE events.settings (name text PRIMARY KEY, value bytea NOT NULL)`);
    this.addSql(`INSERT INTO events.settings VALUES ('page_token_key', '\\x${randomBytes(32).toString('hex')}')`);
    // A service that logs in as this user takes the role on; a superuser may anyway.
    this.addSql(
      `DO $$ BEGIN IF NOT pg_has_role(current_user, 'tidemark_events', 'SET') THEN GRANT tidemark_events TO current_user; END IF; END $$`,
    );
    this.addSql(`GRANT USAGE ON SCHEMA events TO tidemark_events`);
    this.addSql(`GRANT SELECT, INSERT ON events.events TO tidemark_events`);
    this.addSql(`GRANT SELECT ON events.settings, events.migrations TO tidemark_events`);
  }
}
