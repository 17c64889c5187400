import { Migration } from '@mikro-orm/migrations';

export class AddAccounts extends Migration {
  override up(): void {
    this.addSql(`
      create table users.accounts (
        id uuid primary key,
        user_id uuid not null
          constraint accounts_user_id_foreign references users.users (id) on delete restrict,
        currency text not null constraint accounts_currency_check check (currency ~ '^[A-Z]{3}$'),
        balance_minor bigint not null default 0,
        limit_minor bigint not null default 0,
        sequence bigint not null default 0,
        state text not null constraint accounts_state_check check (state in ('OPEN', 'CLOSED')),
        revision bigint not null default 1,
        open_request_id uuid constraint accounts_open_request_id_unique unique,
        open_fingerprint text,
        create_time timestamptz(6) not null,
        update_time timestamptz(6) not null,
        close_time timestamptz(6),
        constraint accounts_limit_check check (limit_minor <= 0),
        constraint accounts_balance_check check (balance_minor >= limit_minor),
        constraint accounts_close_time_check check ((state = 'CLOSED') = (close_time is not null)),
        constraint accounts_closed_balance_check check (state = 'OPEN' or balance_minor = 0)
      )`);
    // A balance changes often and no index holds it: with room in its page a new version of the row needs no new entries.
    this.addSql(`alter table users.accounts set (fillfactor = 50)`);
    this.addSql(`create index accounts_user on users.accounts (user_id, create_time, id)`);

    this.addSql(`
      create table users.idempotency_keys (
        key text collate "C" primary key,
        account_id uuid not null
          constraint idempotency_keys_account_id_foreign references users.accounts (id) on delete restrict,
        fingerprint text not null,
        outcome jsonb not null,
        create_time timestamptz(6) not null
      )`);
    this.addSql(moveMoney);

    this.addSql(`grant select, insert, update on users.accounts to tidemark_users`);
    this.addSql(`grant select, insert on users.idempotency_keys to tidemark_users`);
  }
}

// All of a movement of money in one way to the database: balances, transactions for the events service, audit, and the
// outcome under the caller's key. Accounts are locked in the order of their ids, so that no two movements wait for each
// other, and before the key is looked up: who repeats a movement that is under way waits for it, and then finds its key.
// Whether a balance is too low or too high is decided by the constraint and the type of its column, as an error.
const moveMoney = `
  create function users.move_money(
    in_key text, in_fingerprint text, in_actor text, in_action text, in_time timestamptz, in_kind text,
    in_description text, in_account_ids uuid[], in_amounts bigint[], in_transaction_ids uuid[],
    out result text, out subject uuid, out outcome jsonb, out accounts jsonb
  )
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $$
  declare
    remembered users.idempotency_keys;
  begin
    perform from users.accounts where id = any(in_account_ids) order by id for no key update;

    select * into remembered from users.idempotency_keys where key = in_key;
    if found then
      outcome := remembered.outcome;
      result := case when remembered.fingerprint = in_fingerprint then 'REPEATED' else 'KEY_REUSED' end;
    else
      select problem, case when problem like 'USER%' then owner.id else leg.account_id end into result, subject
      from unnest(in_account_ids) with ordinality as leg (account_id, place)
      left join users.accounts as account on account.id = leg.account_id
      left join users.users as owner on owner.id = account.user_id
      cross join lateral (
        select case
          when account.id is null then 'NOT_FOUND'
          when account.state = 'CLOSED' then 'CLOSED'
          when owner.state <> 'ACTIVE' then 'USER_' || owner.state
        end as problem
      ) as checked
      where problem is not null
      order by place
      limit 1;
      if found then return; end if;
      if (select count(distinct currency) from users.accounts where id = any(in_account_ids)) > 1 then
        result := 'CURRENCIES_DIFFER';
        return;
      end if;

      with moved as (
        update users.accounts as account
        set balance_minor = balance_minor + leg.amount,
            sequence = sequence + 1,
            revision = revision + 1,
            update_time = greatest(in_time, update_time + interval '1 microsecond')
        from unnest(in_account_ids, in_amounts, in_transaction_ids)
          with ordinality as leg (account_id, amount, transaction_id, place)
        where account.id = leg.account_id
        returning account.*, leg.*, (extract(epoch from account.update_time) * 1000000)::bigint as time_us
      ), queued as (
        insert into users.outbox (kind, lane, payload)
        select 'TRANSACTION', id, jsonb_build_object(
          'id', transaction_id, 'timeUs', time_us::text, 'accountId', id, 'userId', user_id,
          'amountMinor', amount::text, 'currency', currency, 'kind', in_kind, 'description', in_description,
          'balanceAfterMinor', balance_minor::text, 'sequence', sequence::text
        )
        from moved
      ), audited as (
        insert into users.audit_entries (time, actor, action, user_id, details)
        select update_time, in_actor, in_action, user_id,
          jsonb_build_object('account_id', id, 'transaction_id', transaction_id)
        from moved
        order by place
      ), remembered_now as (
        insert into users.idempotency_keys (key, account_id, fingerprint, outcome, create_time)
        select in_key, in_account_ids[1], in_fingerprint, jsonb_agg(jsonb_build_object(
          'transactionId', transaction_id, 'timeUs', time_us::text, 'balanceAfterMinor', balance_minor::text,
          'sequence', sequence::text, 'revision', revision::text
        ) order by place), in_time
        from moved
        returning idempotency_keys.outcome
      )
      select 'MOVED', remembered_now.outcome into result, outcome from remembered_now;
    end if;

    -- What never changes of them; of one that was removed with its user, nothing is known.
    select jsonb_agg(jsonb_build_object(
      'userId', user_id, 'currency', currency, 'limitMinor', limit_minor::text,
      'createTimeUs', (extract(epoch from create_time) * 1000000)::bigint::text
    ) order by place) into accounts
    from unnest(in_account_ids) with ordinality as leg (account_id, place)
    left join users.accounts as account on account.id = leg.account_id;
  end $$`;
