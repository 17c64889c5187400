import type { PageTokens } from '@tidemark/grpc-kit';
import type { Database } from '../db/database.ts';
import type { Clock } from '../domain/clock.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';

/** What the handlers work with. */
export interface Dependencies {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwords: PasswordHasher;
  readonly pageTokens: PageTokens;
}
