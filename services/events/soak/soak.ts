import { setTimeout } from 'node:timers/promises';
import { EventsServiceService } from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import {
  Instance,
  Killer,
  migrateService,
  random,
  soakDatabase,
  type Code,
  type SoakDatabase,
  type Trouble,
} from '@tidemark/testing';
import { Batches } from './batch.ts';
import { checkAnswers } from './check-answers.ts';
import { checkLedger, readStored } from './check-ledger.ts';
import { channelOptions } from './clients.ts';
import { Ledger, type Deviation } from './ledger.ts';
import { StreamWriter } from './stream-writer.ts';
import { UnaryWriter } from './unary-writer.ts';

export interface SoakOptions {
  /** A server where a database may be made, and which is not killed; undefined: a server of its own, which is. */
  serverUrl: string | undefined;
  seconds: number;
  seed: number;
  /** Whether some clients have clocks that are an hour off. */
  isSkewed: boolean;
  code: Code;
  /** For what happens meanwhile. */
  say?: (line: string) => void;
}

export interface SoakResult {
  deviations: readonly Deviation[];
  /** How many events were acknowledged. */
  acknowledged: number;
  stored: number;
  replies: number;
  /** How many requests and streams failed. */
  failures: number;
  /** How many requests were sent again though they were answered, or twice at once. */
  doubles: number;
  troubles: ReadonlyMap<Trouble, number>;
}

const unaryWriters = 4;
const streamWriters = 2;
const settleLimitMs = 180_000;

/** Writes through two instances while they, their database and their connections break, and compares in the end. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const database = await soakDatabase(options.serverUrl);
  try {
    const service = { service: 'events', databaseUrl: database.url, code: options.code } as const;
    await migrateService({ ...service, env: { EVENTS_RETENTION: 'none' } });
    const instances = await Promise.all([1, 2].map(() => Instance.start(service)));
    try {
      return await soakInstances(options, database, instances);
    } finally {
      await Promise.all(instances.map((instance) => instance.stop()));
    }
  } finally {
    await database.stop();
  }
}

async function soakInstances(
  { seconds, seed, isSkewed, say = () => undefined }: SoakOptions,
  database: SoakDatabase,
  instances: readonly Instance[],
): Promise<SoakResult> {
  const ledger = new Ledger();
  const givenUp = new AbortController();
  const clients = instances.map(({ address }) => rpcClient(EventsServiceService, address, channelOptions));
  const optionsOf = (writer: number) => {
    const dice = random(seed + 1_000 * writer);
    return { dice, ledger, clients, givenUp: givenUp.signal, batches: new Batches(dice, { writer, isSkewed }) };
  };
  const unary = Array.from({ length: unaryWriters }, (_, number) => new UnaryWriter(optionsOf(1 + number)));
  const streams = Array.from({ length: streamWriters }, (_, number) => new StreamWriter(optionsOf(101 + number)));
  const writers = [...unary, ...streams];
  const killer = new Killer(random(seed), instances, database, say);

  const killing = killer.run();
  const writing = Promise.all(writers.map((writer) => writer.run()));
  await Promise.race([setTimeout(1_000 * seconds), killing, writing]);
  killer.end();
  await killing;
  for (const writer of writers) writer.end();
  // What has no reply by then never gets one, and the ledger says so.
  const patience = globalThis.setTimeout(() => givenUp.abort(), settleLimitMs);
  await writing;
  for (const writer of unary) await writer.sendOldOnes();
  clearTimeout(patience);

  const stored = await readStored(database.url);
  const deviations = [...ledger.deviations, ...checkLedger(ledger, stored)];
  for (const client of clients) {
    deviations.push(...(await checkAnswers(client, ledger, stored)));
    client.close();
  }
  const acknowledged = ledger.batches.filter((batch) => batch.acknowledged > 0);
  return {
    deviations,
    acknowledged: acknowledged.reduce((sum, { events }) => sum + events.length, 0),
    stored: stored.size,
    replies: ledger.replies,
    failures: ledger.failures,
    doubles: ledger.doubles,
    troubles: killer.counts,
  };
}
