import type pg from 'pg';
import type { PageTokens } from '@tidemark/grpc-kit';
import type { NotificationListener } from '@tidemark/grpc-kit/postgres';
import type { RollupCatalogs } from '../db/rollup-catalogs.ts';
import type { GroupCommit } from '../domain/group-commit.ts';
import type { IpMode } from '../domain/ip-address.ts';
import type { Micros } from '../domain/micros.ts';
import type { Retention } from '../domain/retention.ts';
import type { WarningCounts } from '../domain/warning-counts.ts';

/** What the handlers work with. */
export interface Context {
  readonly pool: pg.Pool;
  readonly clock: () => Micros;
  /** Undefined: events are kept for ever. */
  readonly retention: Retention | undefined;
  /** Undefined: there are none. */
  readonly rollups: RollupCatalogs | undefined;
  readonly tokens: PageTokens;
  /** From one run of the service's own retention job to the next, where the edition has no policy. */
  readonly retentionJobIntervalMs: number;
  readonly ipMode: IpMode;
  readonly groupCommit: GroupCommit;
  readonly storedEvents: NotificationListener;
  readonly warnings: WarningCounts;
}
