import type { PageTokens } from '@tidemark/grpc-kit';
import type { NotificationListener } from '@tidemark/grpc-kit/postgres';
import type { Database } from '../db/database.ts';
import type { Limits } from '../domain/budget.ts';
import type { Clock } from '../domain/clock.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Secrets } from '../domain/secrets.ts';
import type { TransactionsClient } from '../events/events-client.ts';
import type { Relay } from '../outbox/relay.ts';

/** What the handlers work with. */
export interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  readonly secrets: Secrets;
  readonly limits: Limits;
  readonly pageTokens: PageTokens;
  readonly changes: NotificationListener;
  readonly relay: Relay;
  /** undefined: EVENTS_ADDRESS is not set. */
  readonly transactions: TransactionsClient | undefined;
}
