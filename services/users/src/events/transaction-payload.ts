import type { Transaction } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';

/** What users.move_money puts into the outbox: amounts and times as text, since JSON's numbers are not 64 bits wide. */
interface TransactionPayload {
  readonly id: string;
  readonly timeUs: string;
  readonly accountId: string;
  readonly userId: string;
  readonly amountMinor: string;
  readonly currency: string;
  readonly kind: string;
  readonly description: string;
  readonly balanceAfterMinor: string;
  readonly sequence: string;
}

/** The transaction that a message of the kind TRANSACTION carries: each time the same. */
export function transactionOf(payload: Readonly<Record<string, unknown>>): Transaction {
  const { timeUs, amountMinor, balanceAfterMinor, sequence, ...texts } = payload as unknown as TransactionPayload;
  return {
    ...texts,
    time: timestampOf(Number(timeUs)),
    amountMinor: BigInt(amountMinor),
    balanceAfterMinor: BigInt(balanceAfterMinor),
    sequence: BigInt(sequence),
    receivedTime: undefined,
  };
}
