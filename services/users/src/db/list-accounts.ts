import type { EntityManager } from '@mikro-orm/postgresql';
import type { Account } from '../domain/account.ts';
import type { AccountList } from '../domain/account-list.ts';
import { AccountEntity, accountOf } from './account-entity.ts';
import { MicrosType } from './micros-type.ts';

/** What the list is ordered by, of one account: the next page begins after it. */
export type AccountCursor = readonly string[];

const time = new MicrosType();

/** A page by keyset, and whether there is another. */
export async function listAccounts(
  em: EntityManager,
  { accountsOf }: AccountList,
  pageSize: number,
  after: AccountCursor | undefined,
): Promise<{ accounts: Account[]; more: boolean }> {
  const query = em.createQueryBuilder(AccountEntity, 'a').where({ user: accountsOf });
  if (after) query.andWhere(`(a.create_time, a.id) > (?::timestamptz, ?::uuid)`, [...after]);
  // One more than asked tells whether there is another page.
  const rows = await query
    .orderBy({ createTime: 'asc', id: 'asc' })
    .limit(pageSize + 1)
    .getResultList();
  return { accounts: rows.slice(0, pageSize).map(accountOf), more: rows.length > pageSize };
}

export function accountCursorOf({ createTime, id }: Account): AccountCursor {
  return [time.convertToDatabaseValue(createTime), id];
}
