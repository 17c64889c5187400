import type { EntityManager } from '@mikro-orm/postgresql';
import { classOf, type EntityLike } from '../definition/entity-like.ts';

/** @param schema of the tenant, for an entity with the schema `*` */
export function nameOf(
  em: EntityManager,
  entity: EntityLike,
  schema: string | undefined,
): { schema: string; name: string } {
  const meta = em.getMetadata().get(classOf(entity));
  const fixed = meta.schema === '*' ? undefined : meta.schema;
  return { schema: fixed ?? schema ?? defaultSchema(em), name: meta.collection };
}

/** Where tables go that name no schema. */
export function defaultSchema(em: EntityManager): string {
  return em.schema ?? em.config.get('schema', em.getPlatform().getDefaultSchemaName() ?? 'public');
}
