import type { CloseAccountRequest, CloseAccountResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/close-account.ts';
import { parseAccountId } from '../domain/account-list.ts';
import { accountMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function closeAccount({
  database,
  clock,
}: Dependencies): UnaryHandler<CloseAccountRequest, CloseAccountResponse> {
  return async ({ id, etag }, { signal, caller: actor }) => {
    const target = { id: parseAccountId(id), etag };
    const account = await db.closeAccount(database.session(signal), target, { actor, now: clock() });
    return { account: accountMessage(account) };
  };
}
