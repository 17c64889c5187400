import type { ListAccountsRequest, ListAccountsResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/list-accounts.ts';
import { parseAccountList } from '../domain/account-list.ts';
import { accountMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function listAccounts({
  database,
  pageTokens,
}: Dependencies): UnaryHandler<ListAccountsRequest, ListAccountsResponse> {
  return async (request, { signal }) => {
    const { list, pageSize } = parseAccountList(request);
    const after = pageTokens.read(request.pageToken, list);
    const { accounts, more } = await db.listAccounts(database.session(signal), list, pageSize, after);
    const last = accounts.at(-1);
    return {
      accounts: accounts.map(accountMessage),
      nextPageToken: last && more ? pageTokens.write(db.accountCursorOf(last), list) : '',
    };
  };
}
