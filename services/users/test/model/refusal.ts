import { status } from '@grpc/grpc-js';

const codes = {
  FIELD_INVALID: status.INVALID_ARGUMENT,
  USER_NOT_FOUND: status.NOT_FOUND,
  USERNAME_TAKEN: status.ALREADY_EXISTS,
  EMAIL_TAKEN: status.ALREADY_EXISTS,
  USER_NOT_DELETED: status.ALREADY_EXISTS,
  USER_DELETED: status.FAILED_PRECONDITION,
  USER_LOCKED: status.FAILED_PRECONDITION,
  REQUEST_ID_REUSED: status.FAILED_PRECONDITION,
  ETAG_MISMATCH: status.ABORTED,
  ACCOUNT_OPEN: status.FAILED_PRECONDITION,
  USER_BLOCKED: status.FAILED_PRECONDITION,
  FOLLOW_REFUSED: status.FAILED_PRECONDITION,
  ACCOUNT_NOT_FOUND: status.NOT_FOUND,
  ACCOUNT_CLOSED: status.FAILED_PRECONDITION,
  BALANCE_NOT_ZERO: status.FAILED_PRECONDITION,
  BALANCE_TOO_LOW: status.FAILED_PRECONDITION,
  BALANCE_TOO_HIGH: status.OUT_OF_RANGE,
  CURRENCIES_DIFFER: status.FAILED_PRECONDITION,
  IDEMPOTENCY_KEY_REUSED: status.FAILED_PRECONDITION,
  PASSWORD_WRONG: status.PERMISSION_DENIED,
  TOKEN_INVALID: status.FAILED_PRECONDITION,
} as const;

export type Reason = keyof typeof codes;

/** What the service must answer instead of a response. */
export class Refusal extends Error {
  readonly outcome: { code: status; error: Reason; fields: readonly string[] };

  constructor(error: Reason, fields: readonly string[] = []) {
    super(error);
    this.outcome = { code: codes[error], error, fields };
  }
}
