import type { EntityManager } from '@mikro-orm/postgresql';
import type { DeadLetter, DeadLetterList } from '../domain/dead-letters.ts';
import { DeadLetterEntity } from './outbox-entity.ts';

/** A page by id, and whether there is another. */
export async function listDeadLetters(
  em: EntityManager,
  { kinds }: DeadLetterList,
  pageSize: number,
  after: readonly string[] | undefined,
): Promise<{ deadLetters: DeadLetter[]; more: boolean }> {
  const [afterId = '0'] = after ?? [];
  const rows = await em.find(
    DeadLetterEntity,
    { kind: { $in: kinds }, id: { $gt: BigInt(afterId) } },
    { orderBy: { id: 'asc' }, limit: pageSize + 1, exclude: ['payload'] },
  );
  return { deadLetters: rows.slice(0, pageSize), more: rows.length > pageSize };
}
