import { at, together } from './fields.ts';
import { parsePageSize } from './page-size.ts';
import { parseUuid } from './uuid.ts';

/** Whose accounts: what a page token is bound to. */
export interface AccountList {
  readonly accountsOf: string;
}

export function parseAccountList(input: { userId: string; pageSize: number }): { list: AccountList; pageSize: number } {
  const { accountsOf, pageSize } = together({
    accountsOf: at('user_id', () => parseUuid(input.userId)),
    pageSize: at('page_size', () => parsePageSize(input.pageSize)),
  });
  return { list: { accountsOf }, pageSize };
}

export function parseAccountId(id: string): string {
  return at('id', () => parseUuid(id))();
}
