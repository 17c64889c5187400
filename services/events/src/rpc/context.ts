import type pg from 'pg';
import type { PageTokens } from '@tidemark/grpc-kit';
import type { Micros } from '../domain/micros.ts';
import type { Retention } from '../domain/retention.ts';

/** What the handlers work with. */
export interface Context {
  readonly pool: pg.Pool;
  readonly clock: () => Micros;
  /** Undefined: events are kept for ever. */
  readonly retention: Retention | undefined;
  readonly tokens: PageTokens;
}
