import type { EntityManager } from '@mikro-orm/postgresql';
import { CursorExpired, type UserChange } from '../domain/user-change.ts';
import { PrunedChangesEntity, UserChangeEntity } from './user-change-entity.ts';

const maxChanges = 100;

/** The number behind which no change is committed yet. */
export async function newestChange(em: EntityManager): Promise<number> {
  const [row] = await em.execute<[{ newest: string }]>(
    `select greatest((select max(number) from users.user_changes), (select through from users.pruned_changes)) as newest`,
  );
  return Number(row.newest);
}

/** The next changes after a number, at most so many as a page has. */
export async function changesAfter(em: EntityManager, number: number): Promise<UserChange[]> {
  const rows = await em.find(
    UserChangeEntity,
    { number: { $gt: BigInt(number) } },
    { orderBy: { number: 'asc' }, limit: maxChanges, disableIdentityMap: true },
  );
  // A transaction that is rolled back leaves a gap too.
  if (Number(rows[0]?.number) !== number + 1) await checkKept(em, number);
  return rows.map((row) => ({ number: Number(row.number), time: row.time, userId: row.userId, kind: row.kind }));
}

/** @throws CursorExpired where some change after the number is no longer kept; to be asked after reading the changes */
export async function checkKept(em: EntityManager, number: number): Promise<void> {
  const { through } = await em.findOneOrFail(PrunedChangesEntity, { id: 1 }, { disableIdentityMap: true });
  if (number < Number(through)) throw new CursorExpired();
}
