import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import { hour, type Budget } from '../domain/budget.ts';
import type { Micros } from '../domain/clock.ts';
import { AttemptsLimited } from '../domain/credential-errors.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/**
 * Takes one from each of the budgets, or from none: what is refused is not to use up what others need. A budget is kept as
 * the time at which it will be full again: taking puts that off, and no further off than an hour from now (the generic
 * cell rate algorithm). So all instances count together, and a full budget is a row that can go.
 * @throws AttemptsLimited where one of them has nothing left
 */
export async function takeFromBudgets(em: EntityManager, budgets: readonly Budget[], now: Micros): Promise<void> {
  const values = {
    ...valuesOfBudgets(budgets),
    now: time.convertToDatabaseValue(now),
    latest: time.convertToDatabaseValue(now + hour),
  };
  const [row] = await triedAgain(() => em.execute<{ wait: string }[]>(taking, values));
  const waitMicros = Number(row?.wait);
  if (waitMicros !== 0) throw new AttemptsLimited(Math.ceil(waitMicros / 1_000_000) * 1_000);
}

const taking = `
  select users.take_from_budgets(:keys::bytea[], :costs::bigint[], :now::timestamptz, :latest::timestamptz) as wait`;

/** Gives back what was taken for something that did not fail. */
export async function giveBackToBudgets(em: EntityManager, budgets: readonly Budget[]): Promise<void> {
  await triedAgain(() => em.execute(`select ${givingBack}`, valuesOfBudgets(budgets)));
}

export const givingBack = 'users.give_back_to_budgets(:keys::bytea[], :costs::bigint[])';

/** Of `givingBack`. */
export function valuesOfBudgets(budgets: readonly Budget[]): Record<string, unknown> {
  return {
    keys: arrayOf(budgets.map(({ key }) => `"\\\\x${key.toString('hex')}"`)),
    costs: arrayOf(budgets.map(({ perHour }) => String(costOf(perHour)))),
  };
}

function costOf(perHour: number): Micros {
  return Math.floor(hour / perHour);
}

function arrayOf(literals: readonly string[]): string {
  return `{${literals.join(',')}}`;
}
