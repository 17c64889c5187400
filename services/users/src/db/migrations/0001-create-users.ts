import { Migration } from '@mikro-orm/migrations';

export class CreateUsers extends Migration {
  override up(): void {
    // Roles belong to all databases of a server: another one may have made it, or be making it now.
    this.addSql(`
      do $$ begin
        if not exists (select from pg_roles where rolname = 'tidemark_users') then
          create role tidemark_users nologin;
        end if;
      exception when duplicate_object or unique_violation then null;
      end $$`);
    // Who migrates may run the service too. An administrator may have seen to it, for one who may grant no roles.
    this.addSql(`
      do $$ begin
        if not pg_has_role(current_user, 'tidemark_users', 'SET') then
          grant tidemark_users to current_user;
        end if;
      end $$`);

    this.addSql(`
      create table users.users (
        id uuid primary key,
        username text not null,
        username_key text collate "C" not null constraint users_username_key_unique unique,
        email text not null,
        email_key text collate "C" not null constraint users_email_key_unique unique,
        display_name text not null,
        bio text not null,
        avatar_url text not null,
        locale text not null,
        time_zone text not null,
        state text not null constraint users_state_check check (state in ('ACTIVE', 'DELETED')),
        email_verified boolean not null,
        revision int not null,
        create_request_id uuid constraint users_create_request_id_unique unique,
        create_fingerprint text,
        create_time timestamptz(6) not null,
        update_time timestamptz(6) not null,
        delete_time timestamptz(6),
        constraint users_delete_time_check check ((state = 'DELETED') = (delete_time is not null))
      )`);
    this.addSql(`create index users_create_time on users.users (create_time, id)`);

    this.addSql(`
      create table users.credentials (
        user_id uuid primary key
          constraint credentials_user_id_foreign references users.users (id) on delete cascade,
        password_hash text not null,
        update_time timestamptz(6) not null
      )`);

    this.addSql(`
      create table users.settings (
        name text primary key,
        value bytea not null
      )`);
    // Made by the server, so that no log of statements has it.
    this.addSql(`
      insert into users.settings (name, value)
      values ('page_token_key', sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())))`);

    this.addSql(`grant usage on schema users to tidemark_users`);
    this.addSql(`grant select, insert, update on users.users to tidemark_users`);
    this.addSql(`grant select, insert on users.credentials to tidemark_users`);
    this.addSql(`grant select on users.settings, users.migrations to tidemark_users`);
  }
}
