import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { AuditAction } from '../domain/audit-entry.ts';
import type { Micros } from '../domain/clock.ts';
import type { Pair, Relationship } from '../domain/relationship.ts';
import { getRelationship } from './get-relationship.ts';
import { lockPair } from './lock-pair.ts';
import { recordAudit } from './record-audit.ts';

/** A change between two users, by whom and when. */
export interface RelationshipChange {
  readonly pair: Pair;
  readonly actor: string;
  readonly now: Micros;
}

/**
 * Makes a change between two users, alone among those of the same two, and tells of it where there was something to
 * change.
 * @param change whether it changed anything
 * @returns what is between them after it: read before others can change it, so that no change is made and then answered
 * as if one of them had not been there
 */
export async function changeRelationship(
  em: EntityManager,
  { pair, actor, now }: RelationshipChange,
  action: AuditAction,
  change: (em: EntityManager) => Promise<boolean>,
): Promise<Relationship> {
  return triedAgain(() =>
    em.transactional(async (transaction) => {
      await lockPair(transaction, pair);
      if (await change(transaction)) {
        const entry = { time: now, actor, action, userId: pair.userId, details: { other_id: pair.otherId } };
        await recordAudit(transaction, entry);
      }
      return getRelationship(transaction, pair);
    }),
  );
}
