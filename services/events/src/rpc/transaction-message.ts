import type { Timestamp } from '@tidemark/contracts';
import {
  TransactionRejectionReason,
  type ListTransactionsRequest,
  type Transaction as TransactionMessage,
  type TransactionBucket as TransactionBucketMessage,
  type TransactionRejection as TransactionRejectionMessage,
} from '@tidemark/contracts/events';
import { MalformedTime, microsOfTimestamp, timestampOf } from '@tidemark/grpc-kit';
import type { Micros } from '../domain/micros.ts';
import type { StoredTransaction, TransactionDraft } from '../domain/transaction.ts';
import type { TransactionRejection } from '../domain/transaction-batch.ts';
import type { TransactionBucket } from '../domain/transaction-buckets.ts';
import { TransactionOwner } from '../domain/transaction-owner.ts';

export function transactionDraftOf(transaction: TransactionMessage): TransactionDraft {
  return {
    id: transaction.id,
    time: transaction.time && microsOrNull(transaction.time),
    accountId: transaction.accountId,
    userId: transaction.userId,
    sequence: transaction.sequence,
    amountMinor: transaction.amountMinor,
    currency: transaction.currency,
    kind: transaction.kind,
    description: transaction.description,
    balanceAfterMinor: transaction.balanceAfterMinor,
  };
}

/** Null where the message breaks the rules of its type. */
function microsOrNull(time: Timestamp): Micros | null {
  try {
    return microsOfTimestamp(time);
  } catch (error) {
    if (error instanceof MalformedTime) return null;
    throw error;
  }
}

export function ownerOf(of: ListTransactionsRequest['of']): TransactionOwner {
  if (!of) return TransactionOwner.parse(undefined);
  return TransactionOwner.parse(of.$case === 'accountId' ? { accountId: of.value } : { userId: of.value });
}

export function transactionMessage(transaction: StoredTransaction): TransactionMessage {
  return {
    ...transaction,
    time: timestampOf(transaction.time),
    description: transaction.description ?? '',
    receivedTime: timestampOf(transaction.receivedTime),
  };
}

export function transactionRejectionMessage(rejection: TransactionRejection): TransactionRejectionMessage {
  return { ...rejection, reason: TransactionRejectionReason[rejection.reason] };
}

export function transactionBucketMessage(bucket: TransactionBucket): TransactionBucketMessage {
  return { ...bucket, start: timestampOf(bucket.start), count: BigInt(bucket.count) };
}
