import type { EntityManager } from '@mikro-orm/postgresql';
import { triedAgain } from '@tidemark/grpc-kit/postgres';
import { hour, type Budget } from '../domain/budget.ts';
import type { Micros } from '../domain/clock.ts';
import { AttemptsLimited } from '../domain/credential-errors.ts';
import { MicrosType } from './micros-type.ts';

const time = new MicrosType();

/** Not all of the budgets have something left. */
class NotAll extends Error {}

/**
 * Takes one from each of the budgets, or from none: what is refused is not to use up what others need. A budget is kept as
 * the time at which it will be full again: taking puts that off, and no further off than an hour from now (the generic
 * cell rate algorithm). So all instances count together, and a full budget is a row that can go.
 * @throws AttemptsLimited where one of them has nothing left
 */
export async function takeFromBudgets(em: EntityManager, budgets: readonly Budget[], now: Micros): Promise<void> {
  try {
    await triedAgain(() =>
      em.transactional(async (tx) => {
        const taken = await tx.execute<unknown[]>(taking, valuesOf(budgets, now));
        if (taken.length < budgets.length) throw new NotAll();
      }),
    );
  } catch (error) {
    if (!(error instanceof NotAll)) throw error;
    throw new AttemptsLimited(await waitMs(em, budgets, now));
  }
}

/** Gives back what was taken for something that did not fail. */
export async function giveBackToBudgets(em: EntityManager, budgets: readonly Budget[], now: Micros): Promise<void> {
  await triedAgain(() => em.execute(givingBack, valuesOf(budgets, now)));
}

async function waitMs(em: EntityManager, budgets: readonly Budget[], now: Micros): Promise<number> {
  const [row] = await em.execute<{ wait: string | null }[]>(waiting, valuesOf(budgets, now));
  const micros = Number(row?.wait ?? 0);
  return Math.max(1, Math.ceil(micros / 1_000_000)) * 1_000;
}

function valuesOf(budgets: readonly Budget[], now: Micros): Record<string, unknown> {
  return {
    keys: arrayOf(budgets.map(({ key }) => `"\\\\x${key.toString('hex')}"`)),
    costs: arrayOf(budgets.map(({ perHour }) => String(costOf(perHour)))),
    now: time.convertToDatabaseValue(now),
    latest: time.convertToDatabaseValue(now + hour),
  };
}

function costOf(perHour: number): Micros {
  return Math.floor(hour / perHour);
}

function arrayOf(literals: readonly string[]): string {
  return `{${literals.join(',')}}`;
}

const wanted = `
  wanted as (
    select key, cost * interval '1 microsecond' as cost
    from unnest(:keys::bytea[], :costs::bigint[]) as wanted (key, cost)
    order by key
  )`;

const taking = `
  with ${wanted}
  insert into users.budgets as budget (key, full_time)
  select key, :now::timestamptz + cost from wanted order by key
  on conflict (key) do update
  set full_time = greatest(budget.full_time, :now) + (excluded.full_time - :now)
  where greatest(budget.full_time, :now) + (excluded.full_time - :now) <= :latest::timestamptz
  returning 1`;

// Rows are locked in the order in which taking locks them.
const givingBack = `
  with ${wanted}, locked as (
    select key from users.budgets where key in (select key from wanted) order by key for update
  )
  update users.budgets as budget
  set full_time = budget.full_time - wanted.cost
  from wanted join locked using (key)
  where budget.key = wanted.key`;

const waiting = `
  with ${wanted}
  select max(extract(epoch from budget.full_time + wanted.cost - :latest::timestamptz)) * 1000000 as wait
  from users.budgets as budget join wanted using (key)`;
