import { Migration } from '@mikro-orm/migrations';

export class AuditAndNumberChanges extends Migration {
  override up(): void {
    // Who is deleted stays locked, so that undeleting lifts no lock.
    this.addSql(`alter table users.users add column lock_time timestamptz(6)`);
    this.addSql(`
      alter table users.users
        drop constraint users_state_check,
        add constraint users_state_check check (state in ('ACTIVE', 'LOCKED', 'DELETED')),
        add constraint users_lock_time_check
          check (state = 'DELETED' or (state = 'LOCKED') = (lock_time is not null))`);

    // Deleted users are few: they are found without the others, and a purge goes by the time.
    this.addSql(`
      create index users_delete_time on users.users (delete_time, id) where delete_time is not null`);

    // No foreign key: an entry outlives its user.
    this.addSql(`
      create table users.audit_entries (
        number bigserial primary key,
        time timestamptz(6) not null,
        actor text not null,
        action text not null,
        user_id uuid,
        details jsonb not null
      )`);
    this.addSql(`create index audit_entries_time on users.audit_entries (time, number)`);
    this.addSql(`create index audit_entries_user on users.audit_entries (user_id, time, number)`);
    this.addSql(`create index audit_entries_actor on users.audit_entries (actor, time, number)`);
    this.addSql(`create index audit_entries_action on users.audit_entries (action, time, number)`);

    this.addSql(`
      create table users.user_changes (
        number bigint primary key,
        time timestamptz(6) not null,
        user_id uuid not null,
        kind text not null
      )`);
    this.addSql(`create index user_changes_time on users.user_changes (time)`);
    this.addSql(`create index user_changes_user on users.user_changes (user_id)`);
    this.addSql(`create sequence users.user_change_numbers`);
    // One row: up to which number changes are no longer kept, 0 where all are.
    this.addSql(`
      create table users.pruned_changes (
        id int primary key constraint pruned_changes_id_check check (id = 1),
        through bigint not null
      )`);
    this.addSql(`insert into users.pruned_changes (id, through) values (1, 0)`);
    // From the lock on, transactions commit one after another, so that the numbers are in the order of the commits: who
    // has seen a number has seen all before it. It must come last in its transaction, which then waits for nothing else:
    // within a statement, behind what it reads.
    this.addSql(`
      create function users.record_change(changed uuid, change text, at timestamptz) returns void
      language plpgsql
      set search_path = pg_catalog, pg_temp
      as $$
      begin
        perform pg_advisory_xact_lock(7204051995);
        insert into users.user_changes (number, time, user_id, kind)
        values (nextval('users.user_change_numbers'), at, changed, change);
        perform pg_notify('tidemark_users_changed', '');
        -- An instance that is frozen before it commits would hold everybody up.
        perform set_config('idle_in_transaction_session_timeout', '5s', true);
      end $$`);

    this.addSql(`grant select, insert on users.audit_entries, users.user_changes to tidemark_users`);
    this.addSql(`grant delete on users.user_changes to tidemark_users`);
    this.addSql(`grant select, update on users.pruned_changes to tidemark_users`);
    this.addSql(`grant usage on sequence users.audit_entries_number_seq to tidemark_users`);
    this.addSql(`grant usage on sequence users.user_change_numbers to tidemark_users`);
  }
}
