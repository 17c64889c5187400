import { pageTokens, startServer, type Logger } from '@tidemark/grpc-kit';
import { NotificationListener } from '@tidemark/grpc-kit/postgres';
import type { EventsConfig } from './config.ts';
import { checkSchema } from './db/check-schema.ts';
import { descriptionOf } from './db/describe-database.ts';
import { eventRetention } from './db/event-retention.ts';
import { hasOwnRetentions } from './db/own-retentions.ts';
import { pageTokenKey } from './db/page-token-key.ts';
import { Pool, serviceRole } from './db/pool.ts';
import { RollupCatalogs } from './db/rollup-catalogs.ts';
import { startRetentionJob } from './db/retention-job.ts';
import { storeEvents } from './db/store-events.ts';
import { createdTimescale } from './db/timescale-server.ts';
import { startWarningRecorder } from './db/warning-recorder.ts';
import { GroupCommit } from './domain/group-commit.ts';
import type { Micros } from './domain/micros.ts';
import { WarningCounts } from './domain/warning-counts.ts';
import { faults } from './rpc/faults.ts';
import { rpcServices } from './rpc/index.ts';

export interface EventsService {
  readonly port: number;
  /** Drains the calls, then closes the connections. It may be called twice. */
  stop(): Promise<void>;
}

export interface Overrides {
  log: Logger;
  clock?: () => Micros;
}

const maxRequestBytes = 8 * 1_024 * 1_024;

export async function create(config: EventsConfig, { log, clock = systemClock }: Overrides): Promise<EventsService> {
  const pool = new Pool({ databaseUrl: config.databaseUrl, size: config.poolSize, log });
  // Questions that take long are not to keep events from being stored, nor the service from being well.
  const writing = new Pool({ databaseUrl: config.databaseUrl, size: config.writers + 1, log });
  try {
    await checkSchema(pool);
    const timescale = await createdTimescale(pool);
    const retention = await eventRetention(pool, AbortSignal.any([]));
    log.info(descriptionOf(timescale, retention));
    const tokens = pageTokens(await pageTokenKey(pool));
    const warnings = new WarningCounts();
    const groupCommit = new GroupCommit({
      writers: config.writers,
      write: (requests) => storeEvents(writing, requests),
    });
    const storedEvents = new NotificationListener({
      databaseUrl: config.databaseUrl,
      role: serviceRole,
      channel: 'tidemark_events_stored',
      applicationName: 'tidemark-events-listener',
      log,
      warning: 'cannot hear of stored events: tails look for them every second',
    });
    const server = await startServer({
      host: config.host,
      port: config.port,
      services: rpcServices({
        pool,
        clock,
        retention,
        rollups: timescale.edition === 'community' ? await RollupCatalogs.open(pool) : undefined,
        tokens,
        retentionJobIntervalMs: config.retentionJobIntervalMs,
        ipMode: config.ipMode,
        groupCommit,
        storedEvents,
        warnings,
      }),
      faults,
      log,
      check: () => writing.query('SELECT'),
      maxRequestBytes,
    });
    log.info({ port: server.port }, `serving on ${config.host}:${server.port}`);
    const job =
      (await hasOwnRetentions(pool)) &&
      startRetentionJob({ databaseUrl: config.databaseUrl, intervalMs: config.retentionJobIntervalMs, log });
    const recorder = startWarningRecorder(pool, warnings, { clock, log });
    const stop = async (): Promise<void> => {
      await Promise.all([job && job.stop(), server.stop(config.shutdownGraceMs)]);
      await recorder.stop();
      await storedEvents.stop();
      await Promise.all([pool.close(), writing.close()]);
    };
    let stopped: Promise<void> | undefined;
    return { port: server.port, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await Promise.all([pool.end(), writing.end()]);
    throw error;
  }
}

function systemClock(): Micros {
  return Date.now() * 1_000;
}
