import type { ClientBase } from 'pg';

/** To give a connection up that does not answer; pg has no other way. */
export function socketOf(client: ClientBase): { destroy(): void } {
  return (client as ClientBase & { connection: { stream: { destroy(): void } } }).connection.stream;
}
