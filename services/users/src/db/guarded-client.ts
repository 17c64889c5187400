import { socketOf } from '@tidemark/grpc-kit/postgres';
import { Client, type ClientConfig } from 'pg';

/**
 * A connection whose loss does not end the process: it also fails the statement that runs. Kysely listens to the
 * connections of the pool, but not to the one that it makes to cancel a statement.
 */
export class GuardedClient extends Client {
  constructor(config?: string | ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }

  /** Gives the connection up, also where the server does not answer. */
  cut(): void {
    socketOf(this).destroy();
  }
}
