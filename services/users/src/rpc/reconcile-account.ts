import type { Timestamp } from '@tidemark/contracts';
import type { ReconcileAccountRequest, ReconcileAccountResponse } from '@tidemark/contracts/users';
import { MalformedTime, microsOfTimestamp, type UnaryHandler } from '@tidemark/grpc-kit';
import { accountMoment } from '../db/account-moment.ts';
import { EventsUnknown } from '../domain/account-errors.ts';
import type { Micros } from '../domain/clock.ts';
import {
  differencesOf,
  endOfDelivered,
  expectedOf,
  missingAmong,
  parseReconciliation,
  type History,
} from '../domain/reconciliation.ts';
import { HistoryReader } from '../events/read-history.ts';
import { accountMessage } from './account-message.ts';
import type { Dependencies } from './dependencies.ts';

const nothing: History = {
  count: 0n,
  sumMinor: 0n,
  openingBalanceMinor: 0n,
  closingBalanceMinor: 0n,
  firstSequence: 0n,
  lastSequence: 0n,
};

export function reconcileAccount({
  database,
  transactions,
}: Dependencies): UnaryHandler<ReconcileAccountRequest, ReconcileAccountResponse> {
  return async ({ id, startTime, endTime }, { signal }) => {
    const query = parseReconciliation({ id, start: microsOf(startTime), end: microsOf(endTime) });
    if (!transactions) throw new EventsUnknown();
    const moment = await accountMoment(database.session(signal), query);
    const reader = new HistoryReader(transactions, signal);
    const { accountId, start } = query;
    const known = endOfDelivered(moment);
    const end = Math.min(query.end, known);
    // A range that begins where the history ends has nothing of it; what it opens with is what the account had then.
    const range = start < end ? await reader.sums({ accountId, start, end }) : nothing;
    const later = end < known ? await reader.sums({ accountId, start: Math.max(start, end), end: known }) : undefined;
    const expected = expectedOf(moment, query, range, later);
    const differences = start < end ? differencesOf(range, expected) : [];
    const missing =
      differences.length > 0 ? missingAmong(await reader.sequences({ accountId, start, end }), expected) : [];
    return {
      equal: differences.length === 0,
      account: accountMessage(moment.account),
      history: range,
      undeliveredCount: moment.undeliveredCount,
      undeliveredSumMinor: moment.undeliveredSumMinor,
      expectedClosingBalanceMinor: expected.closingBalanceMinor,
      missingSequences: missing,
      differences,
    };
  };
}

/** null where the message breaks the rules of its type. */
function microsOf(time: Timestamp | undefined): Micros | undefined | null {
  try {
    return time && microsOfTimestamp(time);
  } catch (error) {
    if (error instanceof MalformedTime) return null;
    throw error;
  }
}
