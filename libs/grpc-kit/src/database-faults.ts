import { status } from '@grpc/grpc-js';
import type { FaultRule } from './faults.ts';
import { sqlStateOf } from './sql-state.ts';

// https://www.postgresql.org/docs/17/errcodes-appendix.html
const unavailableStates = new Set([
  '25006', // read_only_sql_transaction: a standby, until it is promoted
  '55P03', // lock_not_available: the wait for a lock or for the embedded backend was too long
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
]);
const unavailableClasses = new Set([
  '08', // connection exceptions
  '53', // insufficient resources: too many connections, a full disk
]);
const unavailableSystemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
]);

// pg gives these of its own no code.
const unavailableMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

/** Recognizes, anywhere in the chain of causes, that PostgreSQL cannot be reached, or not soon enough. */
export const databaseUnavailable: FaultRule = {
  code: status.UNAVAILABLE,
  reason: 'DATABASE_UNAVAILABLE',
  match(error) {
    // Not instanceof: a system error can come from another realm.
    for (let cause = error; Error.isError(cause); cause = cause.cause) {
      if (isUnavailable(cause)) {
        return {
          code: this.code,
          reason: this.reason,
          message: 'The database cannot be reached, is busy or takes nothing now. Nothing was acknowledged; try again.',
          retryAfterMs: 1_000,
        };
      }
    }
    return undefined;
  },
};

function isUnavailable(error: Error): boolean {
  const code = sqlStateOf(error);
  return (
    error.name === 'TimeoutError' ||
    unavailableClasses.has(code.slice(0, 2)) ||
    unavailableStates.has(code) ||
    unavailableSystemCodes.has(code) ||
    unavailableMessages.test(error.message)
  );
}
