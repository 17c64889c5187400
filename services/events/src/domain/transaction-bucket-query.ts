import { maxBuckets, tooManyBuckets } from './bucket-query.ts';
import { bucketsIn, type BucketWidth } from './bucket-width.ts';
import { isCurrency } from './currency.ts';
import { invalid } from './invalid-argument.ts';
import type { TimeRange } from './time-range.ts';
import type { TransactionOwner } from './transaction-owner.ts';

/** A question for sums and balances by bucket: of an account, or of a user's accounts in one currency. */
export interface TransactionBucketQuery {
  readonly of: { readonly accountId: string } | { readonly userId: string; readonly currency: string };
  readonly range: TimeRange;
  readonly width: BucketWidth;
  readonly timeZone: string;
  readonly fill: 'none' | 'zero';
}

export const TransactionBucketQuery = {
  parse({
    of,
    currency,
    ...rest
  }: Omit<TransactionBucketQuery, 'of'> & { of: TransactionOwner; currency: string }): TransactionBucketQuery {
    // The exact number needs the time zone's offsets, which a range of this many buckets is not worth.
    if (bucketsIn(rest.range.end - rest.range.start, rest.width) > 2 * maxBuckets) throw tooManyBuckets(rest, 1);
    if ('userId' in of) return { ...rest, of: { ...of, currency: required(currency) } };
    if (currency !== '') throw invalid('currency', 'Goes with user_id only: an account has one currency.');
    return { ...rest, of };
  },
};

function required(currency: string): string {
  if (isCurrency(currency)) return currency;
  throw invalid('currency', 'Must be three capital letters (ISO 4217), such as "EUR": with user_id it is required.');
}
