import { Migration } from '@mikro-orm/migrations';

/**
 * The role of the service, and what it may do: read and add, but neither change nor remove. Chunks belong to the table's
 * owner, who drops them.
 */
export class GrantRights extends Migration {
  override up(): void {
    this.addSql(
      `DO $$ BEGIN CREATE ROLE tidemark_events NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
    );
    // A service that logs in as this user takes the role on; a superuser may anyway.
    this.addSql(
      `DO $$ BEGIN IF NOT pg_has_role(current_user, 'tidemark_events', 'SET') THEN GRANT tidemark_events TO current_user; END IF; END $$`,
    );
    this.addSql(`GRANT USAGE ON SCHEMA events TO tidemark_events`);
    this.addSql(`GRANT SELECT, INSERT ON events.events TO tidemark_events`);
    this.addSql(`GRANT SELECT ON events.settings, events.migrations TO tidemark_events`);
    // Made by the server, so that no log of statements has it.
    this.addSql(
      `INSERT INTO events.settings
       VALUES ('page_token_key', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))
       ON CONFLICT DO NOTHING`,
    );
  }
}
