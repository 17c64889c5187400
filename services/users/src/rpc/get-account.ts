import type { GetAccountRequest, GetAccountResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { findAccount } from '../db/find-account.ts';
import { parseAccountId } from '../domain/account-list.ts';
import { accountMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function getAccount({ database }: Dependencies): UnaryHandler<GetAccountRequest, GetAccountResponse> {
  return async (request, { signal }) => ({
    account: accountMessage(await findAccount(database.session(signal), parseAccountId(request.id))),
  });
}
