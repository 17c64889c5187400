import type { TransferRequest, TransferResponse } from '@tidemark/contracts/users';
import type { UnaryHandler } from '@tidemark/grpc-kit';
import { moveMoney, type Moved } from '../db/move-money.ts';
import { parseTransfer } from '../domain/movement.ts';
import { accountMessage, transactionMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

export function transfer({ database, clock, relay }: Dependencies): UnaryHandler<TransferRequest, TransferResponse> {
  return async (request, { signal, caller: actor }) => {
    const movement = parseTransfer(request);
    const options = { actor, action: 'MONEY_TRANSFERRED', now: clock() } as const;
    const [from, to] = (await moveMoney(database.session(signal), movement, options)) as [Moved, Moved];
    relay.wake('TRANSACTION');
    return {
      fromAccount: accountMessage(from.account),
      toAccount: accountMessage(to.account),
      fromTransaction: transactionMessage(from.transaction),
      toTransaction: transactionMessage(to.transaction),
    };
  };
}
