import {
  Fill,
  ListTransactionsRequest,
  QueryTransactionBucketsRequest,
  TimeUnit,
  type ListTransactionsResponse,
} from '@tidemark/contracts/events';
import { RpcError, timestampOf } from '@tidemark/grpc-kit';
import { EventsAway } from '../domain/account-errors.ts';
import type { Micros } from '../domain/clock.ts';
import type { History } from '../domain/reconciliation.ts';
import { awayCodes, type TransactionsClient } from './events-client.ts';

export interface HistoryRange {
  readonly accountId: string;
  readonly start: Micros;
  readonly end: Micros;
}

const timeoutMs = 30_000;
const pageSize = 1_000;

/** Asks the events service for what it has of an account. */
export class HistoryReader {
  readonly #client: TransactionsClient;
  readonly #signal: AbortSignal;

  constructor(client: TransactionsClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async sums(range: HistoryRange): Promise<History> {
    const { start, end } = range;
    const [{ buckets }, first, last] = await Promise.all([
      this.#ask((client, options) =>
        client.queryTransactionBuckets(
          QueryTransactionBucketsRequest.fromPartial({
            of: ofAccount(range),
            range: { start: timestampOf(start), end: timestampOf(end) },
            width: { unit: TimeUnit.YEAR },
            fill: Fill.ZERO,
          }),
          options,
        ),
      ),
      this.#page(range, { pageSize: 1 }),
      this.#page(range, { pageSize: 1, descending: true }),
    ]);
    return {
      count: buckets.reduce((sum, { count }) => sum + count, 0n),
      sumMinor: buckets.reduce((sum, { sumMinor }) => sum + sumMinor, 0n),
      openingBalanceMinor: buckets[0]?.openingBalanceMinor ?? 0n,
      closingBalanceMinor: buckets.at(-1)?.closingBalanceMinor ?? 0n,
      firstSequence: first.transactions[0]?.sequence ?? 0n,
      lastSequence: last.transactions[0]?.sequence ?? 0n,
    };
  }

  /** The sequences of all transactions of a range. */
  async sequences(range: HistoryRange): Promise<Set<bigint>> {
    const sequences = new Set<bigint>();
    let pageToken = '';
    do {
      const { transactions, nextPageToken } = await this.#page(range, { pageSize, pageToken });
      for (const { sequence } of transactions) sequences.add(sequence);
      pageToken = nextPageToken;
    } while (pageToken !== '');
    return sequences;
  }

  #page(
    range: HistoryRange,
    page: { pageSize: number; pageToken?: string; descending?: boolean },
  ): Promise<ListTransactionsResponse> {
    const { start, end } = range;
    return this.#ask((client, options) =>
      client.listTransactions(
        ListTransactionsRequest.fromPartial({
          of: ofAccount(range),
          range: { start: timestampOf(start), end: timestampOf(end) },
          ...page,
        }),
        options,
      ),
    );
  }

  async #ask<Answer>(
    question: (client: TransactionsClient, options: { timeoutMs: number; signal: AbortSignal }) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await question(this.#client, { timeoutMs, signal: this.#signal });
    } catch (cause) {
      this.#signal.throwIfAborted();
      if (cause instanceof RpcError && awayCodes.has(cause.code)) throw new EventsAway({ cause });
      throw cause;
    }
  }
}

function ofAccount({ accountId }: HistoryRange): { $case: 'accountId'; value: string } {
  return { $case: 'accountId', value: accountId };
}
