import type { PostTransactionRequest, PostTransactionResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { moveMoney, type Moved } from '../db/move-money.ts';
import { parsePosting } from '../domain/movement.ts';
import { accountMessage, transactionMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function postTransaction({
  database,
  clock,
  relay,
}: Dependencies): UnaryHandler<PostTransactionRequest, PostTransactionResponse> {
  return async (request, { signal, caller: actor }) => {
    const movement = parsePosting(request);
    const options = { actor, action: 'TRANSACTION_POSTED', now: clock() } as const;
    const [{ account, transaction }] = (await moveMoney(database.session(signal), movement, options)) as [Moved];
    relay.wake('TRANSACTION');
    return { account: accountMessage(account), transaction: transactionMessage(transaction) };
  };
}
