import { ReferenceKind, type EntityName, type FilterOptions, type FilterQuery } from '@mikro-orm/core';
import { raw, sql, type QBFilterQuery, type RawQueryFragment, type SqlEntityManager } from '@mikro-orm/postgresql';
import { identifier } from '../sql/target.ts';
import type { Fail } from './fail.ts';

export interface RowOptions<Entity> {
  where?: FilterQuery<Entity>;
  filters?: FilterOptions;
  schema?: string;
}

/**
 * The rows that a query counts, each once, with all columns of the entity's table.
 *
 * @param inRange the condition on the rows of an alias that the caller will ask for anyway
 */
export async function bucketRows<Entity extends object>(
  em: SqlEntityManager,
  entity: EntityName<Entity>,
  { where, filters, schema }: RowOptions<Entity>,
  inRange: (alias: string) => string,
  fail: Fail,
): Promise<RawQueryFragment> {
  const meta = em.getMetadata().get(entity);
  const asked = schema ?? em.schema;
  const select = () => {
    const builder = em.createQueryBuilder(entity);
    builder.withSchema(em.getDriver().getSchemaName(meta, asked === undefined ? {} : { schema: asked }));
    return builder.select([raw(`${identifier(builder.alias)}.*`)]);
  };
  const matching = select();
  // It takes the same, by another type.
  if (where !== undefined) matching.where(where as QBFilterQuery<Entity>);
  await matching.applyFilters(filters);
  await matching.applyJoinedFilters(em, filters);
  const toMany = [ReferenceKind.ONE_TO_MANY, ReferenceKind.MANY_TO_MANY];
  if (!Object.values(matching.state.joins).some(({ prop }) => toMany.includes(prop.kind))) return matching.toRaw();
  const key = meta.getPrimaryProps().flatMap(({ fieldNames }) => fieldNames.map(identifier));
  if (key.length === 0)
    fail('where', 'it asks for many rows of a relation, and the entity has no primary key', 'Use $some');
  const columns = (alias: string): string => key.map((column) => `${alias}.${column}`).join(', ');
  return sql`
    select * from (${select().toRaw()}) as r
    where (${raw(columns('r'))}) in (
      select ${raw(columns('m'))} from (${matching.toRaw()}) as m where ${raw(inRange('m'))}
    )`;
}
