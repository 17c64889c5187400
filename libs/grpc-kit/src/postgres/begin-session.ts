/**
 * SQL for the start of each session of a service, which takes its role on. From then on a statement ends with its
 * connection: a cancellation that comes before the statement has begun is lost, and a service that is killed cancels
 * nothing. Not every platform's PostgreSQL can look after its connections while it works. And a reply means committed:
 * a server that is set to answer before a commit is on its disk does not for the service.
 */
export function beginSession(role: string): string {
  return `
    set role ${role};
    select set_config('synchronous_commit', 'on', false)
    where current_setting('synchronous_commit') in ('off', 'local');
    do $$ begin set client_connection_check_interval = '500ms'; exception when invalid_parameter_value then null; end $$`;
}
