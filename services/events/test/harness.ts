import { fileURLToPath } from 'node:url';
import {
  Event,
  EventsServiceService,
  HypertablesServiceService,
  IngestEventsRequest,
  TransactionsServiceService,
  type IngestEventsResponse,
} from '@tidemark/contracts/events';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import {
  ownServer,
  silentLog,
  testDatabase,
  testEdition,
  type MortalServer,
  type TestDatabase,
} from '@tidemark/testing';
import pg from 'pg';
import type { HypertableSettings } from '../src/db/hypertable-settings.ts';
import { migrate } from '../src/db/migrate.ts';
import { retentionLock } from '../src/db/retention-job.ts';
import { create } from '../src/service.ts';
import type { IpMode } from '../src/domain/ip-address.ts';
import type { Micros } from '../src/domain/micros.ts';

/** The service on a fresh database, and clients of it. */
export interface Harness {
  events: RpcClient<typeof EventsServiceService>;
  hypertables: RpcClient<typeof HypertablesServiceService>;
  transactions: RpcClient<typeof TransactionsServiceService>;
  databaseUrl: string;
  port: number;
  /** Stores events made by `event` and expects every one of them to be new. */
  ingest(...events: Event[]): Promise<void>;
  send(...events: Event[]): Promise<IngestEventsResponse>;
  stopService(): Promise<void>;
  stop(): Promise<void>;
}

export const log = silentLog('events');
const edition = await testEdition();

export function eventsDatabase(retention?: 'none'): Promise<TestDatabase> {
  return testDatabase({
    schemaDirs: ['../src/db', '../../../libs/mikro-orm-timescale/src', '../../../libs/grpc-kit/src/postgres'].map(
      (folder) => fileURLToPath(new URL(folder, import.meta.url)),
    ),
    variant: retention ?? '',
    migrate: (url) => migrate(url, settings(retention), log),
  });
}

/** The same on a server of its own, which the test may kill. */
export async function eventsServer(): Promise<MortalServer> {
  const server = await ownServer();
  await migrate(server.url, settings(), log);
  return server;
}

function settings(retention?: 'none'): HypertableSettings {
  return {
    chunkInterval: '1 day',
    retention: retention === 'none' ? undefined : '3 months',
    columnstoreAfter: '7 days',
  };
}

/**
 * Where the service drops old chunks itself, it goes by the clock of the database, which knows nothing of the one of a
 * test: as long as this holds the leader's lock, what the test stores stays.
 */
async function holdRetentionJob(databaseUrl: string): Promise<{ release: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  // Shared, so that several instances of a test can hold it.
  await client.query(`SELECT pg_advisory_lock_shared(${retentionLock}) FROM events.retentions LIMIT 1`);
  return { release: () => client.end() };
}

export async function startEvents(
  options: {
    clock?: () => Micros;
    retention?: 'none';
    database?: TestDatabase;
    ipMode?: IpMode;
    shutdownGraceMs?: number;
  } = {},
): Promise<Harness> {
  const database = options.database ?? (await eventsDatabase(options.retention));
  const retentionJob = edition === 'apache' ? await holdRetentionJob(database.url) : undefined;
  const config = {
    databaseUrl: database.url,
    host: '127.0.0.1',
    port: 0,
    poolSize: 4,
    shutdownGraceMs: options.shutdownGraceMs ?? 30_000,
    writers: 2,
  };
  const service = await create(
    { ...config, ipMode: options.ipMode ?? 'full', retentionJobIntervalMs: 86_400_000, logLevel: 'silent' },
    { log, ...(options.clock && { clock: options.clock }) },
  );
  const address = `127.0.0.1:${service.port}`;
  const events = rpcClient(EventsServiceService, address);
  const hypertables = rpcClient(HypertablesServiceService, address);
  const transactions = rpcClient(TransactionsServiceService, address);
  const send = (...sent: Event[]): Promise<IngestEventsResponse> =>
    events.ingestEvents(IngestEventsRequest.fromPartial({ events: sent }));
  return {
    events,
    hypertables,
    transactions,
    databaseUrl: database.url,
    port: service.port,
    send,
    async ingest(...sent) {
      const { stored, rejections } = await send(...sent);
      expect({ stored, rejections }).toEqual({ stored: sent.length, rejections: [] });
    },
    stopService: () => service.stop(),
    async stop() {
      events.close();
      hypertables.close();
      transactions.close();
      await service.stop();
      await retentionJob?.release();
      await database.stop();
    },
  };
}

let serial = 0;

/** An event with an id of its own; `at` is such as "2026-11-03T10:04:00Z", to the microsecond. */
export function event({ at, ...fields }: { at?: string } & Parameters<typeof Event.fromPartial>[0] = {}): Event {
  serial += 1;
  return Event.fromPartial({ id: uuid(serial), page: '/', ...fields, ...(at && { time: timestamp(at) }) });
}

/** A UUID of version 4 that holds a number. */
export function uuid(number: number): string {
  return `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;
}

/** A UUID of version 7 for a time. */
export function uuidAt(at: string, number: number): string {
  const time = Date.parse(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

export function timestamp(at: string): { seconds: bigint; nanos: number } {
  const [, fraction = ''] = /\.(\d+)Z$/.exec(at) ?? [];
  const seconds = Date.parse(at.replace(/\.\d+Z$/, 'Z')) / 1_000;
  return { seconds: BigInt(seconds), nanos: Number(fraction.padEnd(9, '0')) };
}

export function range(
  start: string,
  end: string,
): { start: ReturnType<typeof timestamp>; end: ReturnType<typeof timestamp> } {
  return { start: timestamp(start), end: timestamp(end) };
}

/** "2026-11-03T10:04:00Z", as `at` takes it. */
export function iso(time: { seconds: bigint; nanos: number } | undefined): string {
  if (!time) return 'absent';
  const seconds = new Date(Number(time.seconds) * 1_000).toISOString().slice(0, 19);
  return time.nanos === 0 ? `${seconds}Z` : `${seconds}.${String(time.nanos).padStart(9, '0')}Z`;
}
