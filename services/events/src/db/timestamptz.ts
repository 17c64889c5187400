import type { Micros } from '../domain/micros.ts';

/** A time as PostgreSQL reads it, to the microsecond. */
export function timestamptz(time: Micros): string {
  const milliseconds = Math.floor(time / 1_000);
  const rest = String(time - milliseconds * 1_000).padStart(3, '0');
  return `${new Date(milliseconds).toISOString().slice(0, -1)}${rest}Z`;
}
