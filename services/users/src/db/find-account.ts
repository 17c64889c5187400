import type { EntityManager } from '@mikro-orm/postgresql';
import type { Account } from '../domain/account.ts';
import { AccountNotFound } from '../domain/account-errors.ts';
import { AccountEntity, accountOf } from './account-entity.ts';

export async function findAccount(em: EntityManager, id: string): Promise<Account> {
  const row = await em.findOne(AccountEntity, { id }, { disableIdentityMap: true });
  if (!row) throw new AccountNotFound(id);
  return accountOf(row);
}
