import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import type { Budget } from '../domain/budget.ts';
import type { Micros } from '../domain/clock.ts';
import { knowingAddress, valuesOfRight, type RightFrom } from './know-address.ts';
import { givingBack, valuesOfBudgets } from './take-from-budgets.ts';

/** Gives back what the attempt took, and remembers from where it came. */
export async function noteRightPassword(
  em: EntityManager,
  budgets: readonly Budget[],
  right: RightFrom,
  now: Micros,
): Promise<void> {
  const values = { ...valuesOfBudgets(budgets), ...valuesOfRight(right, now) };
  await triedAgain(() => em.execute(`select ${knowingAddress}, ${givingBack}`, values));
}
