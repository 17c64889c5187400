import { status } from '@grpc/grpc-js';
import { Transaction, TransactionRejectionReason, type RecordTransactionsResponse } from '@tidemark/contracts/events';
import { RpcError } from '@tidemark/grpc-kit';
import { DeliveryFailed, DeliveryRejected, ReceiverAway, type Deliver, type OutboxMessage } from '../domain/outbox.ts';
import { awayCodes, type TransactionsClient } from './events-client.ts';
import { transactionOf } from './transaction-payload.ts';

interface Packed {
  readonly message: OutboxMessage;
  readonly transaction: Transaction;
}

const timeoutMs = 20_000;
// Half of what the events service takes.
const mostBytes = 4 * 1_024 * 1_024;

/** Records transactions in the events service, thousands in a call. */
export function deliverTransactions(client: TransactionsClient): Deliver {
  return async (messages, signal) => {
    const failures = new Map<OutboxMessage, DeliveryFailed>();
    const stopped = new Set<string>();
    const failed = ({ message }: Packed, failure: DeliveryFailed): void => {
      failures.set(message, failure);
      stopped.add(message.lane);
    };
    for (const packed of callsOf(messages)) {
      const call = packed.filter(({ message }) => !stopped.has(message.lane));
      if (call.length === 0) continue;
      try {
        const transactions = call.map(({ transaction }) => transaction);
        const reply = await client.recordTransactions({ transactions }, { timeoutMs, signal });
        for (const [each, failure] of rejectionsOf(call, reply)) failed(each, failure);
      } catch (error) {
        const failure = failureOf(error);
        for (const each of call) failed(each, failure);
      }
    }
    return failures;
  };
}

/** In order. What failed before goes alone, so that a call that fails because of it costs no other lane. */
function callsOf(messages: readonly OutboxMessage[]): Packed[][] {
  const calls: Packed[][] = [];
  let bytes = Infinity;
  for (const message of messages) {
    const transaction = transactionOf(message.payload);
    bytes += Transaction.encode(transaction).finish().length;
    if (bytes > mostBytes || message.attempts > 0) {
      calls.push([]);
      bytes = 0;
    }
    calls.at(-1)?.push({ message, transaction });
    if (message.attempts > 0) bytes = Infinity;
  }
  return calls;
}

function rejectionsOf(
  call: readonly Packed[],
  { rejections }: RecordTransactionsResponse,
): Array<readonly [Packed, DeliveryFailed]> {
  return rejections.flatMap(({ index, reason, message }) => {
    const each = call[index];
    return each ? [[each, rejectionOf(reason, message)] as const] : [];
  });
}

function rejectionOf(reason: TransactionRejectionReason, why: string): DeliveryFailed {
  const name =
    Object.entries(TransactionRejectionReason).find(([, number]) => number === reason)?.[0] ?? 'UNRECOGNIZED';
  // A clock that is a day off is set right one day.
  const isForGood = reason !== TransactionRejectionReason.TIME_IN_FUTURE;
  return new (isForGood ? DeliveryRejected : DeliveryFailed)(`${name}: ${why}`);
}

function failureOf(error: unknown): DeliveryFailed {
  if (!(error instanceof RpcError)) throw error;
  const { code, reason, retryAfterMs = 0 } = error;
  const failure = awayCodes.has(code) ? ReceiverAway : DeliveryFailed;
  return new failure(`the events service answered ${status[code]} ${reason}`.trim(), { cause: error, retryAfterMs });
}
