/**
 * SQL for the start of each session of a service, which takes its role on. From then on a statement ends with its
 * connection: a cancellation that comes before the statement has begun is lost, and a service that is killed cancels
 * nothing. Not every platform's PostgreSQL can look after its connections while it works. A reply means committed: a
 * server that is set to answer before a commit is on its disk does not for the service. And who waits for a lock sees
 * then what others committed meanwhile, which a server can be set not to show.
 */
export function beginSession(role: string): string {
  return `
    set role ${role};
    select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') in ('off', 'local');
    select set_config('default_transaction_isolation', 'read committed', false)
    where current_setting('default_transaction_isolation') <> 'read committed';
    do $$ begin set client_connection_check_interval = '500ms'; exception when invalid_parameter_value then null; end $$`;
}
