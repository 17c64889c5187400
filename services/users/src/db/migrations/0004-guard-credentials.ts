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

    this.addSql(takeFromBudgets);
    this.addSql(giveBackToBudgets);
    this.addSql(knowAddress);
    for (const signature of [
      'take_from_budgets(bytea[], bigint[], timestamptz, timestamptz)',
      'give_back_to_budgets(bytea[], bigint[])',
      'know_address(uuid, text, bytea, timestamptz, timestamptz)',
    ]) {
      this.addSql(`revoke all on function users.${signature} from public`);
      this.addSql(`grant execute on function users.${signature} to tidemark_users`);
    }
  }
}

// Functions, since each sign-in calls them: their statements are planned once a connection.

// Takes one from each budget, or from none: 0, or in how many microseconds all of them will have something. Budgets are
// locked in the order of their keys, so that no two calls wait for each other.
const takeFromBudgets = `
  create function users.take_from_budgets(keys bytea[], costs bigint[], at timestamptz, latest timestamptz)
  returns bigint
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $$
  declare
    taken bigint;
  begin
    begin
      insert into users.budgets as budget (key, full_time)
      select wanted.key, at + wanted.cost * interval '1 microsecond'
      from unnest(keys, costs) as wanted (key, cost)
      order by wanted.key
      on conflict (key) do update
      set full_time = greatest(budget.full_time, at) + (excluded.full_time - at)
      where greatest(budget.full_time, at) + (excluded.full_time - at) <= latest;
      get diagnostics taken = row_count;
      if taken < cardinality(keys) then
        raise exception 'not all' using errcode = 'TM003';
      end if;
      return 0;
    exception when sqlstate 'TM003' then
      null; -- What was taken is given back.
    end;
    return (
      select greatest(1, max(extract(epoch from budget.full_time - latest) * 1000000 + wanted.cost))
      from unnest(keys, costs) as wanted (key, cost)
      join users.budgets as budget using (key)
    );
  end $$`;

const giveBackToBudgets = `
  create function users.give_back_to_budgets(keys bytea[], costs bigint[]) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $$
  begin
    perform from users.budgets where key = any(keys) order by key for update;
    update users.budgets as budget
    set full_time = budget.full_time - wanted.cost * interval '1 microsecond'
    from unnest(keys, costs) as wanted (key, cost)
    where budget.key = wanted.key;
  end $$`;

// Whoever changes the password locks the user before, and forgets all addresses: this one comes before that or not at all.
const knowAddress = `
  create function users.know_address(
    known_by uuid, proven_hash text, address bytea, at timestamptz, stale timestamptz
  ) returns void
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $$
  begin
    if address is null or exists (
      select from users.known_addresses where user_id = known_by and address_hash = address and seen_time >= stale
    ) then
      return;
    end if;
    perform from users.users where id = known_by for key share;
    insert into users.known_addresses as known (user_id, address_hash, seen_time)
    select user_id, address, at from users.credentials where user_id = known_by and password_hash = proven_hash
    on conflict (user_id, address_hash) do update set seen_time = excluded.seen_time;
  end $$`;
