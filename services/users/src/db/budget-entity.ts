import { defineEntity, p } from '@mikro-orm/postgresql';
import { MicrosType } from './micros-type.ts';

/**
 * A row of users.budgets: a budget that something was taken from, by a key that tells nothing of whose it is. It fills
 * itself evenly, and one that is full needs no row.
 */
export const BudgetEntity = defineEntity({
  name: 'Budget',
  schema: 'users',
  tableName: 'budgets',
  properties: {
    key: p.blob().primary(),
    fullTime: p.type(MicrosType),
  },
  indexes: [{ name: 'budgets_full_time', properties: ['fullTime'] }],
});
