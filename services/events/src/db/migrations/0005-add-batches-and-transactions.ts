// Made from the model by "npx nx run events:create-migration".
import { Migration } from '@mikro-orm/migrations';

export class AddBatchesAndTransactions extends Migration {
  override up(): void {
    this.addSql(
      `create table "events"."batches" ("number" bigint not null, "stored_time" timestamptz not null, "batch_id" bigint not null, "event_count" int not null, "times" tstzmultirange not null, primary key ("number", "stored_time"));`,
    );
    this.addSql(
      `select "public".create_hypertable('"events"."batches"', "public".by_range('stored_time', interval '1 day'), create_default_indexes => false);`,
    );

    this.addSql(
      `create table "events"."corrections" ("original_time" timestamptz not null, "id" uuid not null, "time" timestamptz not null, primary key ("original_time", "id"));`,
    );
    this.addSql(
      `select "public".create_hypertable('"events"."corrections"', "public".by_range('original_time', interval '7 days'), create_default_indexes => false);`,
    );

    this.addSql(
      `create table "events"."dropped_ranges" ("hypertable" text not null, "range_start" timestamptz not null, "range_end" timestamptz not null, "dropped_time" timestamptz not null, primary key ("hypertable", "range_start", "range_end", "dropped_time"));`,
    );

    this.addSql(
      `create table "events"."ingest_warnings" ("minute" timestamptz not null, "caller" text not null, "kind" text not null, "reason" text not null, "count" bigint not null, "last_time" timestamptz not null, "last_message" text not null, primary key ("minute", "caller", "kind", "reason"));`,
    );

    this.addSql(
      `create table "events"."transactions" ("time" timestamptz not null, "id" uuid not null, "account_id" uuid not null, "user_id" uuid not null, "sequence" bigint not null, "amount_minor" bigint not null, "currency" text not null, "kind" text not null, "description" text null, "balance_after_minor" bigint not null, "received_time" timestamptz not null, primary key ("time", "id"));`,
    );
    this.addSql(
      `create index "transactions_account_id_time_id_index" on "events"."transactions" ("account_id", "time", "id");`,
    );
    this.addSql(
      `create index "transactions_user_id_time_id_index" on "events"."transactions" ("user_id", "time", "id");`,
    );
    this.addSql(
      `select "public".create_hypertable('"events"."transactions"', "public".by_range('time', interval '7 days'), create_default_indexes => false);`,
    );

    this.addSql(
      `alter table "events"."events" add "is_bot" boolean not null default false, add "original_time" timestamptz null, add "batch_id" bigint null;`,
    );
  }
}
