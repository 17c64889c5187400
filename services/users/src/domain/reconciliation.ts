import type { Account } from './account.ts';
import type { Micros } from './clock.ts';
import { BadValue, at, together } from './fields.ts';
import { parseUuid } from './uuid.ts';

/** Which account to compare with its history, from `start` on and before `end`. */
export interface ReconciliationQuery {
  readonly accountId: string;
  readonly start: Micros;
  /** Infinity: up to the last transaction. */
  readonly end: Micros;
}

export interface ReconciliationInput {
  readonly id: string;
  /** undefined: not given. null: malformed. */
  readonly start: Micros | undefined | null;
  readonly end: Micros | undefined | null;
}

export function parseReconciliation({ id, start, end }: ReconciliationInput): ReconciliationQuery {
  const parsed = together({
    accountId: at('id', () => parseUuid(id)),
    start: at('start_time', () => parseTime(start, 0)),
    end: at('end_time', () => parseTime(end, Infinity)),
  });
  at('end_time', () => {
    if (parsed.end <= parsed.start) throw new BadValue('must be after start_time');
  })();
  return parsed;
}

/** An account at one moment, together with what of its transactions is not delivered by then. */
export interface AccountMoment {
  readonly account: Account;
  /** undefined: all are delivered. */
  readonly firstUndelivered: UndeliveredTransaction | undefined;
  /** How many of a range are not, */
  readonly undeliveredCount: bigint;
  /** and the sum of their amounts. */
  readonly undeliveredSumMinor: bigint;
}

export interface UndeliveredTransaction {
  readonly time: Micros;
  readonly amountMinor: bigint;
  readonly balanceAfterMinor: bigint;
  readonly sequence: bigint;
}

/** What the history has of a range. */
export interface History {
  readonly count: bigint;
  readonly sumMinor: bigint;
  readonly openingBalanceMinor: bigint;
  readonly closingBalanceMinor: bigint;
  /** 0 where there is no transaction. */
  readonly firstSequence: bigint;
  readonly lastSequence: bigint;
}

/** What the account says of its history. */
export interface Expected {
  readonly closingBalanceMinor: bigint;
  readonly firstSequence: bigint;
  /** 0 where there must be none. */
  readonly lastSequence: bigint;
}

/**
 * Where the history ends that the moment speaks of: behind it are transactions that it knows to be undelivered, or that
 * came later.
 */
export function endOfDelivered({ account, firstUndelivered }: AccountMoment): Micros {
  return firstUndelivered?.time ?? account.updateTime + 1;
}

/** @param later what the history has behind the range, up to `endOfDelivered` */
export function expectedOf(
  { account, firstUndelivered: next }: AccountMoment,
  { start }: ReconciliationQuery,
  range: History,
  later: History | undefined,
): Expected {
  const balance = next ? next.balanceAfterMinor - next.amountMinor : account.balanceMinor;
  const last = next ? next.sequence - 1n : account.sequence;
  const isWhole = start <= account.createTime;
  return {
    closingBalanceMinor: balance - (later?.sumMinor ?? 0n),
    firstSequence: isWhole ? 1n : range.firstSequence,
    lastSequence: later && later.count > 0n ? later.firstSequence - 1n : last,
  };
}

/** What differs, for a developer. */
export function differencesOf(range: History, expected: Expected): string[] {
  const differences: string[] = [];
  const compare = (what: string, has: bigint, expectedValue: bigint): void => {
    if (has !== expectedValue)
      differences.push(`${what}: the history has ${has}, and the account says ${expectedValue}.`);
  };
  compare('closing balance', range.closingBalanceMinor, expected.closingBalanceMinor);
  compare('sum of amounts', range.sumMinor, range.closingBalanceMinor - range.openingBalanceMinor);
  if (range.count > 0n || expected.firstSequence === 1n) {
    compare('number of transactions', range.count, expected.lastSequence - expected.firstSequence + 1n);
  }
  if (range.count > 0n) {
    compare('first sequence', range.firstSequence, expected.firstSequence);
    compare('last sequence', range.lastSequence, expected.lastSequence);
  }
  return differences;
}

const maxMissing = 1_000;

/** The sequences that the history lacks, the first thousand. @param sequences those that it has */
export function missingAmong(sequences: ReadonlySet<bigint>, expected: Expected): bigint[] {
  const missing: bigint[] = [];
  for (let sequence = expected.firstSequence; sequence <= expected.lastSequence; sequence += 1n) {
    if (sequence > 0n && !sequences.has(sequence)) missing.push(sequence);
    if (missing.length === maxMissing) break;
  }
  return missing;
}

function parseTime(time: Micros | undefined | null, byDefault: Micros): Micros {
  if (time === undefined) return byDefault;
  if (time === null) throw new BadValue('is malformed: nanos must be from 0 to 999,999,999');
  if (time < 0 || !Number.isSafeInteger(time)) throw new BadValue('must be from 1970 to 2255');
  return time;
}
