import type { EntityKey, EntityName } from '@mikro-orm/core';
import type { AbstractSqlConnection, EntityManager } from '@mikro-orm/postgresql';
import { readChunks, type Chunk } from '../catalog/chunks.ts';
import { readJobs, type Job } from '../catalog/jobs.ts';
import { readCapabilities, type LiveCapabilities } from '../catalog/live-capabilities.ts';
import { readStats, type HypertableStats } from '../catalog/stats.ts';
import { isEntity, type EntityLike } from '../definition/entity-like.ts';
import type { Step } from '../diff/step.ts';
import { SchemaDrift } from '../faults.ts';
import type { ChunkBounds } from '../live/chunks-within.ts';
import { compress, decompress, type ChunkSelection, type CompressOptions } from '../live/convert-chunks.ts';
import { confirmDrop, previewDrop, type DropPreview } from '../live/drop-chunks.ts';
import { refresh, type RefreshWindow } from '../live/refresh.ts';
import { runJob, type Policy } from '../live/run-job.ts';
import { hypertableAt, sessionOf } from '../live/session.ts';
import { pull, type PullOptions } from '../pull/pull.ts';
import type { BucketOptions, BucketRow, Fill, Moment, Selections } from '../query/bucket-options.ts';
import { bucket } from '../query/bucket.ts';
import { fragmentsFor, type BuilderOf, type Fragments } from '../query/fragments.ts';
import { defaultSchema, nameOf } from './name-of.ts';
import { TimescaleSchemaGenerator } from './schema-generator.ts';

/** Which tenant's, for an entity with the schema `*`. */
export interface AtSchema {
  schema?: string;
}

/**
 * What can be asked of the database that the entity manager is connected to, and done there. Where a transaction is open
 * on the entity manager, everything but `diff()`, `check()` and `pull()` happens in it. Each method but `diff()`,
 * `check()`, `pull()` and `capabilities()` throws NoTimescale where the extension is not created.
 */
export interface LiveTimescale {
  /** What leads from the database to the model, in order; nothing where they agree. */
  diff(options?: AtSchema): Promise<Step[]>;
  /**
   * Takes the steps of `diff()` in one transaction of its own and answers them; what MikroORM itself would change stays
   * as it is. With `safe`, steps that lose rows are left out. Where several processes do it at once, each waits for the
   * one before it and finds what that has done.
   *
   * @throws DestructiveChange where a step loses rows, neither `safe` nor `allowDestructive` being set
   */
  apply(options?: AtSchema & { safe?: boolean }): Promise<Step[]>;
  /** @throws SchemaDrift where `diff()` has a step */
  check(options?: AtSchema): Promise<void>;
  capabilities(): Promise<LiveCapabilities>;
  /** Of one entity, or of all hypertables. */
  chunks(entity?: EntityLike, options?: AtSchema): Promise<Chunk[]>;
  jobs(): Promise<Job[]>;
  /** How big one hypertable is. @throws NotThere */
  stats(entity: EntityLike, options?: AtSchema): Promise<HypertableStats>;
  /** How big all hypertables and continuous aggregates are, or those of one schema. */
  stats(entity?: undefined, options?: AtSchema): Promise<HypertableStats[]>;
  /**
   * Brings a continuous aggregate up to date, on a connection of its own.
   *
   * @throws TransactionOpen inside a transaction, whose rows it would not see
   */
  refresh(
    aggregate: EntityLike | { schema?: string; name: string },
    window?: RefreshWindow,
    options?: AtSchema,
  ): Promise<void>;
  /**
   * Converts chunks to the columnstore, the oldest first. Each has a transaction of its own, so that what was done before
   * a failure stays; inside a transaction of yours all of it belongs to that.
   *
   * @returns the chunks that were converted
   * @throws ConversionStopped with those that are done
   */
  compress(entity: EntityLike, which?: CompressOptions, options?: AtSchema): Promise<Chunk[]>;
  /** The way back, in the same manner. */
  decompress(entity: EntityLike, which?: ChunkSelection, options?: AtSchema): Promise<Chunk[]>;
  /** What would be dropped; nothing is. @throws InvalidBound without a bound */
  dropChunks(
    entity: EntityLike,
    which: ChunkBounds,
    options?: AtSchema & { confirm?: undefined },
  ): Promise<DropPreview>;
  /**
   * Drops the chunks of a preview, with the same bounds and its token. Continuous aggregates keep what they have of
   * these rows, until a refresh over that time takes it away.
   *
   * @returns the chunks that were dropped
   * @throws PreviewOutdated where other chunks fit by now; nothing is dropped then
   */
  dropChunks(entity: EntityLike, which: ChunkBounds, options: AtSchema & { confirm: string }): Promise<Chunk[]>;
  /**
   * Runs a job now and waits for its end.
   *
   * @returns the job as it was before
   * @throws NotThere, TransactionOpen where the job commits in between
   */
  runJob(job: number | { entity: EntityLike; policy: Policy }, options?: AtSchema): Promise<Job>;
  /** The hypertables and continuous aggregates that are there, as TypeScript source. */
  pull(options?: PullOptions): Promise<string>;
  /**
   * The rows of an entity by buckets of time, see `BucketOptions`. One row for each bucket and group.
   *
   * @throws InvalidQuery where the question makes no sense; MissingFeature where it takes the extension and there is none
   */
  bucket<
    Entity extends object,
    At extends Moment,
    const Group extends EntityKey<Entity>,
    const Select extends Selections<Entity>,
    const Filling extends Fill<Select> = 'none',
  >(
    entity: EntityName<Entity>,
    options: BucketOptions<Entity, At, Group, Select, Filling>,
  ): Promise<BucketRow<Entity, At, Group, Select, Filling>[]>;
  /** TimescaleDB's functions for the columns of a QueryBuilder: `const { timeBucket, last } = ts.fragments(qb)`. */
  fragments<Entity>(builder: BuilderOf<Entity>): Fragments<EntityKey<Entity>>;
}

/** @param em of an ORM with the extension `Timescale` */
export function timescale(em: EntityManager): LiveTimescale {
  const connection: AbstractSqlConnection = em.getDriver().getConnection();
  const diff: LiveTimescale['diff'] = (options = {}) => generatorOf(em).getTimescaleSteps(options);
  const named = (entity: EntityLike, options?: AtSchema) => nameOf(em, entity, options?.schema);
  return {
    diff,
    apply: (options = {}) => generatorOf(em).applyTimescaleSteps(options),
    async check(options) {
      const steps = await diff(options);
      if (steps.length > 0) throw new SchemaDrift(steps);
    },
    capabilities: () => readCapabilities(connection, em.getTransactionContext()),
    async chunks(entity, options) {
      const session = await sessionOf(em, 'chunks()');
      const hypertable = entity && (await hypertableAt(session, named(entity, options)));
      return readChunks(connection, hypertable?.holder, session.ctx);
    },
    async jobs() {
      const { ctx } = await sessionOf(em, 'jobs()');
      return readJobs(connection, ctx);
    },
    stats: statsOf(em),
    refresh: (aggregate, window = {}, options) =>
      refresh(em, isEntity(aggregate) ? named(aggregate, options) : viewOf(em, aggregate, options), window),
    compress: (entity, which = {}, options) => compress(em, named(entity, options), which),
    decompress: (entity, which = {}, options) => decompress(em, named(entity, options), which),
    dropChunks: dropChunksOf(em),
    runJob: (job, options) =>
      runJob(em, typeof job === 'number' ? job : { name: named(job.entity, options), policy: job.policy }),
    pull: (options = {}) => pull(em, options),
    bucket: (entity, options) => bucket(em, entity, options),
    fragments: (builder) => fragmentsFor(builder, generatorOf(em).extensionSchema, em.getPlatform()),
  };
}

function statsOf(em: EntityManager): LiveTimescale['stats'] {
  function stats(entity: EntityLike, options?: AtSchema): Promise<HypertableStats>;
  function stats(entity?: undefined, options?: AtSchema): Promise<HypertableStats[]>;
  async function stats(entity?: EntityLike, options?: AtSchema): Promise<HypertableStats | HypertableStats[]> {
    const session = await sessionOf(em, 'stats()');
    const { connection, ctx, functions, server } = session;
    const found = entity && (await hypertableAt(session, nameOf(em, entity, options?.schema)));
    const all = await readStats(
      connection,
      { functions, community: server.edition === 'community' },
      found ?? options ?? {},
      ctx,
    );
    const [one] = all;
    return found && one ? one : all;
  }
  return stats;
}

function dropChunksOf(em: EntityManager): LiveTimescale['dropChunks'] {
  type Options = AtSchema & { confirm?: string | undefined };
  function drop(
    entity: EntityLike,
    which: ChunkBounds,
    options?: AtSchema & { confirm?: undefined },
  ): Promise<DropPreview>;
  function drop(entity: EntityLike, which: ChunkBounds, options: AtSchema & { confirm: string }): Promise<Chunk[]>;
  function drop(
    entity: EntityLike,
    which: ChunkBounds,
    { schema, confirm }: Options = {},
  ): Promise<DropPreview | Chunk[]> {
    const name = nameOf(em, entity, schema);
    return confirm === undefined ? previewDrop(em, name, which) : confirmDrop(em, name, which, confirm);
  }
  return drop;
}

function viewOf(
  em: EntityManager,
  { schema, name }: { schema?: string; name: string },
  options: AtSchema | undefined,
): { schema: string; name: string } {
  return { schema: schema ?? options?.schema ?? defaultSchema(em), name };
}

function generatorOf(em: EntityManager): TimescaleSchemaGenerator {
  const generator: unknown = em.config.getExtension('@mikro-orm/schema-generator');
  if (generator instanceof TimescaleSchemaGenerator) return generator;
  throw new Error('The extension is missing: MikroORM.init({ extensions: [Timescale], ... }).');
}
