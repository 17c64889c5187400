// Made from the model by "npx nx run events:create-migration".
import { Migration } from '@mikro-orm/migrations';

export class CreateEvents extends Migration {
  override up(): void {
    this.addSql(`create extension if not exists "timescaledb" schema "public";`);

    this.addSql(`create schema if not exists "events";`);
    this.addSql(
      `create table "events"."events" ("time" timestamptz not null, "id" uuid not null, "received_time" timestamptz not null, "page" text not null, "user_agent" text null, "ip_address" inet null, "referrer" text null, "session_id" text null, "user_id" text null, "duration_us" bigint null, "properties" jsonb null, primary key ("time", "id"));`,
    );
    this.addSql(
      `select "public".create_hypertable('"events"."events"', "public".by_range('time'), create_default_indexes => false);`,
    );

    this.addSql(
      `create table "events"."settings" ("name" text not null, "value" bytea not null, primary key ("name"));`,
    );

    this.addSql(`alter table "events"."events" add constraint "events_duration_us_check" check (duration_us >= 0);`);
  }
}
