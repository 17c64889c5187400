import type { OpenAccountRequest, OpenAccountResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/open-account.ts';
import { parseNewAccount } from '../domain/new-account.ts';
import { accountMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function openAccount({ database, clock }: Dependencies): UnaryHandler<OpenAccountRequest, OpenAccountResponse> {
  return async (request, { signal, caller: actor }) => {
    const newAccount = parseNewAccount(request);
    const account = await db.openAccount(database.session(signal), newAccount, { actor, now: clock() });
    return { account: accountMessage(account) };
  };
}
