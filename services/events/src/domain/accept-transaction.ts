import { charactersIn } from './characters.ts';
import { isCurrency } from './currency.ts';
import { day, type Micros } from './micros.ts';
import type { Transaction, TransactionDraft } from './transaction.ts';
import { isUuid } from './uuid.ts';

export type TransactionRejectionReason =
  | 'ID_INVALID'
  | 'TIME_INVALID'
  | 'TIME_IN_FUTURE'
  | 'CURRENCY_INVALID'
  | 'SEQUENCE_INVALID'
  | 'TEXT_INVALID'
  | 'CONFLICT';

/** Why one transaction is refused. It is returned and not thrown: one bad one never costs its neighbours. */
export class RejectedTransaction {
  readonly reason: TransactionRejectionReason;
  readonly message: string;

  constructor(reason: TransactionRejectionReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}

// An outbox cannot set its clock and try again: what a service recorded is only refused where it cannot be meant.
const futureTolerance = day;
const maxKind = 64;
const maxDescription = 1_000;

export function acceptTransaction(draft: TransactionDraft, now: Micros): Transaction | RejectedTransaction {
  const problem = problemOfIds(draft) ?? problemOfFields(draft) ?? problemOfTexts(draft);
  if (problem) return problem;
  const time = acceptTime(draft.time, now);
  if (time instanceof RejectedTransaction) return time;
  return {
    ...draft,
    id: draft.id.toLowerCase(),
    accountId: draft.accountId.toLowerCase(),
    userId: draft.userId.toLowerCase(),
    time,
    description: draft.description || null,
  };
}

function problemOfIds({ id, accountId, userId }: TransactionDraft): RejectedTransaction | undefined {
  const named = Object.entries({ id, account_id: accountId, user_id: userId });
  const [field, value] = named.find(([, each]) => !isUuid(each)) ?? [];
  if (field === undefined) return undefined;
  return new RejectedTransaction('ID_INVALID', `${field} is ${value === '' ? 'absent' : 'no UUID'}: send a UUID.`);
}

function problemOfFields({ currency, sequence }: TransactionDraft): RejectedTransaction | undefined {
  if (!isCurrency(currency)) {
    return new RejectedTransaction(
      'CURRENCY_INVALID',
      'currency must be three capital letters (ISO 4217), such as "EUR".',
    );
  }
  if (sequence >= 1n) return undefined;
  return new RejectedTransaction(
    'SEQUENCE_INVALID',
    'sequence must be the place among the transactions of the account, from 1.',
  );
}

function problemOfTexts({ kind, description }: TransactionDraft): RejectedTransaction | undefined {
  if (kind === '')
    return new RejectedTransaction('TEXT_INVALID', 'kind is absent: say what it was, such as "deposit".');
  if (kind.includes('\0') || description.includes('\0')) {
    return new RejectedTransaction('TEXT_INVALID', 'kind or description holds a NUL: remove it.');
  }
  if (charactersIn(kind) > maxKind) {
    return new RejectedTransaction('TEXT_INVALID', `kind is over ${maxKind} characters: shorten it.`);
  }
  if (charactersIn(description) > maxDescription) {
    return new RejectedTransaction('TEXT_INVALID', `description is over ${maxDescription} characters: shorten it.`);
  }
  return undefined;
}

function acceptTime(time: TransactionDraft['time'], now: Micros): Micros | RejectedTransaction {
  if (time === undefined) return new RejectedTransaction('TIME_INVALID', 'time is absent: send when it was.');
  if (time === null) {
    return new RejectedTransaction('TIME_INVALID', 'time is malformed: nanos must be from 0 to 999,999,999.');
  }
  if (time < 0) return new RejectedTransaction('TIME_INVALID', 'time is before 1970: send when it was.');
  if (time <= now + futureTolerance) return time;
  return new RejectedTransaction('TIME_IN_FUTURE', 'time is over a day ahead of the service: set the clock.');
}
