import { Migration } from '@mikro-orm/migrations';

/**
 * What takes a user away, with the rights of its owner, since the service's role deletes no users and no accounts and
 * changes no entry of the audit. Each function does one thing, in the transaction of whoever calls it.
 */
export class RemoveUsers extends Migration {
  override up(): void {
    this.addSql(`
      create index audit_entries_other on users.audit_entries ((details ->> 'other_id'))
      where details ->> 'other_id' is not null`);
    this.addSql(`
      create index audit_entries_actor_id on users.audit_entries (${idOfActor})
      where ${idOfActor} is not null`);

    this.addSql(`create index idempotency_keys_account on users.idempotency_keys (account_id)`);

    this.addSql(removeUser);
    this.addSql(purgeUser);
    this.addSql(eraseUser);
    for (const signature of ['purge_user(uuid, timestamptz)', 'erase_user(uuid, uuid)']) {
      this.addSql(`revoke all on function users.${signature} from public`);
      this.addSql(`grant execute on function users.${signature} to tidemark_users`);
    }
    this.addSql(`revoke all on function users.remove_user(uuid) from public`);
  }
}

// However the name of an actor spells a user's id: alone, as "user:ID" or "web/ID", in capitals.
const idOfActor = `(substring(lower(actor) from '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'))`;

// For the two below, which have locked the user's row. Credentials and relationships go with it.
const removeUser = `
  create function users.remove_user(removed uuid) returns boolean
  language plpgsql
  set search_path = pg_catalog, pg_temp
  as $$
  begin
    perform from users.accounts where user_id = removed order by id for update;
    if exists (select from users.accounts where user_id = removed and state <> 'CLOSED') then
      return false;
    end if;
    delete from users.idempotency_keys as remembered
    using users.accounts as account
    where account.user_id = removed and remembered.account_id = account.id;
    delete from users.accounts where user_id = removed;
    delete from users.users where id = removed;
    return true;
  end $$`;

// Nothing for one who is not deleted for so long: whoever is undeleted meanwhile stays. So does who has transactions that
// have not left: their accounts lead an erasure to them.
const purgeUser = `
  create function users.purge_user(purged uuid, deleted_before timestamptz) returns text
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
  begin
    perform from users.users where id = purged and delete_time < deleted_before for update;
    if not found then
      return 'NOT_DUE';
    end if;
    if exists (
      select from users.accounts as account
      where user_id = purged and (
        exists (select from users.outbox where kind = 'TRANSACTION' and lane = account.id::text)
        or exists (select from users.dead_letters where kind = 'TRANSACTION' and lane = account.id::text)
      )
    ) then
      return 'NOT_DELIVERED';
    end if;
    return case when users.remove_user(purged) then 'PURGED' else 'ACCOUNT_OPEN' end;
  end $$`;

// A relay that is delivering transactions of an account holds its lane: it is waited for, so that none is on its way
// under the id that goes. Addresses of callers are taken out of entries that tell of the user, since they may be theirs.
const eraseUser = `
  create function users.erase_user(erased uuid, replacement uuid) returns text
  language plpgsql security definer
  set search_path = pg_catalog, pg_temp
  as $$
  declare
    lanes text[];
    is_there boolean;
  begin
    -- One after another: two who know each other change each other's entries of the audit.
    perform pg_advisory_xact_lock(7204051998);
    perform from users.users where id = erased for update;
    is_there := found;
    if not is_there and not exists (select from users.audit_entries where user_id = erased) then
      return 'NOT_FOUND';
    end if;
    if exists (select from users.accounts where user_id = erased and state <> 'CLOSED') then
      return 'ACCOUNT_OPEN';
    end if;

    select coalesce(array_agg(id::text order by id), '{}') into lanes from users.accounts where user_id = erased;
    for i in 1 .. cardinality(lanes) loop
      perform pg_advisory_xact_lock(hashtextextended('TRANSACTION ' || lanes[i], 7204051996));
    end loop;
    update users.outbox
    set payload = jsonb_set(payload, '{userId}', to_jsonb(replacement))
    where kind = 'TRANSACTION' and lane = any(lanes);
    update users.dead_letters
    set payload = jsonb_set(payload, '{userId}', to_jsonb(replacement))
    where kind = 'TRANSACTION' and lane = any(lanes);

    update users.audit_entries
    set user_id = replacement,
      actor = case
        when actor ~ '^[0-9]+([.][0-9]+){3}$' or actor ~ '^[0-9a-f.]*:[0-9a-f:.]*$' then 'unknown'
        else actor
      end
    where user_id = erased;
    update users.audit_entries
    set details = jsonb_set(details, '{other_id}', to_jsonb(replacement))
    where details ->> 'other_id' = erased::text;
    update users.audit_entries
    set actor = regexp_replace(actor, erased::text, replacement::text, 'gi')
    where ${idOfActor} = erased::text;

    delete from users.user_changes where user_id = erased;
    if is_there and not users.remove_user(erased) then
      raise exception 'an account was opened while its user was erased';
    end if;
    return 'ERASED';
  end $$`;
