import { Migration } from '@mikro-orm/migrations';

export class GuardCredentials extends Migration {
  override up(): void {
    this.addSql(`
      create table users.budgets (
        key bytea primary key,
        full_time timestamptz(6) not null
      )`);
    this.addSql(`create index budgets_full_time on users.budgets (full_time)`);

    this.addSql(`
      create table users.known_addresses (
        user_id uuid not null
          constraint known_addresses_user_id_foreign references users.users (id) on delete cascade,
        address_hash bytea not null,
        seen_time timestamptz(6) not null,
        primary key (user_id, address_hash)
      )`);
    this.addSql(`create index known_addresses_seen_time on users.known_addresses (seen_time)`);

    this.addSql(`
      create table users.tokens (
        id uuid primary key,
        hash bytea not null constraint tokens_hash_unique unique,
        user_id uuid not null constraint tokens_user_id_foreign references users.users (id) on delete cascade,
        purpose text not null
          constraint tokens_purpose_check check (purpose in ('PASSWORD_RESET', 'EMAIL_VERIFICATION')),
        email_key text collate "C" not null,
        expire_time timestamptz(6) not null
      )`);
    this.addSql(`create index tokens_user_id on users.tokens (user_id)`);
    this.addSql(`create index tokens_expire_time on users.tokens (expire_time)`);

    // Made by the server, so that no log of statements has it.
    this.addSql(`
      insert into users.settings (name, value)
      values ('secrets_key', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))`);

    this.addSql(`
      grant select, insert, update, delete
      on users.budgets, users.known_addresses, users.tokens to tidemark_users`);
    this.addSql(`grant update on users.credentials to tidemark_users`);
  }
}
