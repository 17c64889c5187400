import type { Duration, Timestamp } from '@tidemark/contracts';

/**
 * Microseconds, since 1970-01-01 UTC where it is a time. A whole number: safe integers reach to the year 2255, and no
 * Date is used on the way, since it would lose the last three digits.
 */
export type Micros = number;

/** A Timestamp or Duration outside the rules of its message: nanos out of range, or signs that differ. */
export class MalformedTime extends Error {}

/** A Timestamp or Duration, of which a reader may have made a number already. */
interface Parts {
  seconds: bigint | number;
  nanos: number;
}

/** Digits finer than a microsecond are cut off, toward the past. What is beyond a Micros is infinitely far away. */
export function microsOfTimestamp({ seconds, nanos }: Parts): Micros {
  if (nanos < 0 || nanos > 999_999_999) throw new MalformedTime('nanos must be from 0 to 999,999,999');
  return micros(seconds, Math.floor(nanos / 1_000));
}

export function timestampOf(time: Micros): Timestamp {
  const seconds = Math.floor(time / 1_000_000);
  return { seconds: BigInt(seconds), nanos: (time - seconds * 1_000_000) * 1_000 };
}

/** Digits finer than a microsecond are cut off, toward zero. */
export function microsOfDuration({ seconds, nanos }: Parts): Micros {
  if (Math.abs(nanos) > 999_999_999) throw new MalformedTime('nanos must be from -999,999,999 to 999,999,999');
  if ((seconds > 0 && nanos < 0) || (seconds < 0 && nanos > 0)) {
    throw new MalformedTime('seconds and nanos must have the same sign');
  }
  return micros(seconds, Math.trunc(nanos / 1_000));
}

export function durationOf(length: { nanos: bigint }): Duration {
  return { seconds: length.nanos / 1_000_000_000n, nanos: Number(length.nanos % 1_000_000_000n) };
}

function micros(seconds: bigint | number, rest: Micros): Micros {
  const total = Number(seconds) * 1_000_000 + rest;
  if (Number.isSafeInteger(total)) return total;
  return total < 0 ? -Infinity : Infinity;
}
