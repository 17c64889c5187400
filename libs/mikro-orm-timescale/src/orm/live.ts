import type { AbstractSqlConnection, EntityManager, EntityMetadata, EntitySchema } from '@mikro-orm/postgresql';
import { capabilitiesOf, type Capabilities } from '../catalog/capabilities.ts';
import { readChunks, type Chunk } from '../catalog/chunks.ts';
import { readJobs, type Job } from '../catalog/jobs.ts';
import type { Step } from '../diff/step.ts';
import { SchemaDrift } from '../faults.ts';
import { TimescaleSchemaGenerator } from './schema-generator.ts';

/** What can be asked of the database that the entity manager is connected to. */
export interface LiveTimescale {
  /** What leads from the database to the model, in order; nothing where they agree. */
  diff(options?: { schema?: string }): Promise<Step[]>;
  /** @throws SchemaDrift where `diff()` has a step */
  check(options?: { schema?: string }): Promise<void>;
  capabilities(): Promise<Capabilities>;
  /** Of one entity, or of all hypertables. */
  chunks(entity?: Pick<EntitySchema, 'meta'>, options?: { schema?: string }): Promise<Chunk[]>;
  jobs(): Promise<Job[]>;
}

/** @param em of an ORM with the extension `Timescale` */
export function timescale(em: EntityManager): LiveTimescale {
  const connection: AbstractSqlConnection = em.getDriver().getConnection();
  const diff: LiveTimescale['diff'] = (options = {}) => generatorOf(em).getTimescaleSteps(options);
  return {
    diff,
    async check(options) {
      const steps = await diff(options);
      if (steps.length > 0) throw new SchemaDrift(steps);
    },
    capabilities: () => capabilitiesOf(connection),
    chunks: (entity, options) => readChunks(connection, entity && nameOf(em, entity.meta, options?.schema)),
    jobs: () => readJobs(connection),
  };
}

function generatorOf(em: EntityManager): TimescaleSchemaGenerator {
  const generator: unknown = em.config.getExtension('@mikro-orm/schema-generator');
  if (generator instanceof TimescaleSchemaGenerator) return generator;
  throw new Error('The extension is missing: MikroORM.init({ extensions: [Timescale], ... }).');
}

function nameOf(
  em: EntityManager,
  given: EntityMetadata,
  schema: string | undefined,
): { schema: string; name: string } {
  const meta = em.getMetadata().get(given.class);
  const fixed = meta.schema === '*' ? undefined : meta.schema;
  const fallback = em.config.get('schema') ?? em.getPlatform().getDefaultSchemaName() ?? 'public';
  return { schema: fixed ?? schema ?? fallback, name: meta.collection };
}
