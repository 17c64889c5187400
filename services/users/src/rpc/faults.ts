import { status } from '@grpc/grpc-js';
import { on, type FaultRule } from '@tidemark/grpc-kit';
import {
  AccountClosed,
  AccountEtagMismatch,
  AccountNotFound,
  BalanceNotZero,
  BalanceTooHigh,
  BalanceTooLow,
  CurrenciesDiffer,
  EventsAway,
  EventsUnknown,
  IdempotencyKeyReused,
  OpenRequestIdReused,
  UserLocked,
} from '../domain/account-errors.ts';
import { AttemptsLimited, Overloaded, PasswordWrong, TokenInvalid } from '../domain/credential-errors.ts';
import { InvalidFields } from '../domain/fields.ts';
import { FollowRefused, UserBlocked } from '../domain/relationship.ts';
import { CursorExpired } from '../domain/user-change.ts';
import {
  AccountOpen,
  EmailTaken,
  EtagMismatch,
  RequestIdReused,
  UserDeleted,
  UsernameTaken,
  UserNotDeleted,
  UserNotFound,
} from '../domain/user-errors.ts';

/** What callers are told of each failure of the domain. */
export const faults: readonly FaultRule[] = [
  on(InvalidFields, {
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: (error) => error.violations,
  }),
  on(UserNotFound, { code: status.NOT_FOUND, reason: 'USER_NOT_FOUND' }),
  on(UsernameTaken, {
    code: status.ALREADY_EXISTS,
    reason: 'USERNAME_TAKEN',
    fields: () => [{ field: 'user.username', description: 'is taken by another user: choose another' }],
    metadata: () => ({ field: 'username' }),
  }),
  on(EmailTaken, {
    code: status.ALREADY_EXISTS,
    reason: 'EMAIL_TAKEN',
    fields: () => [{ field: 'user.email', description: 'is taken by another user: choose another' }],
    metadata: () => ({ field: 'email' }),
  }),
  on(UserNotDeleted, { code: status.ALREADY_EXISTS, reason: 'USER_NOT_DELETED' }),
  on(UserDeleted, { code: status.FAILED_PRECONDITION, reason: 'USER_DELETED' }),
  on(RequestIdReused, {
    code: status.FAILED_PRECONDITION,
    reason: 'REQUEST_ID_REUSED',
    fields: () => [{ field: 'request_id', description: 'was used to create another user: make a new one' }],
  }),
  on(EtagMismatch, { code: status.ABORTED, reason: 'ETAG_MISMATCH' }),
  on(AccountOpen, { code: status.FAILED_PRECONDITION, reason: 'ACCOUNT_OPEN' }),
  on(UserBlocked, { code: status.FAILED_PRECONDITION, reason: 'USER_BLOCKED' }),
  on(FollowRefused, { code: status.FAILED_PRECONDITION, reason: 'FOLLOW_REFUSED' }),
  on(CursorExpired, { code: status.OUT_OF_RANGE, reason: 'CURSOR_EXPIRED' }),
  on(UserLocked, { code: status.FAILED_PRECONDITION, reason: 'USER_LOCKED' }),
  on(AccountNotFound, { code: status.NOT_FOUND, reason: 'ACCOUNT_NOT_FOUND' }),
  on(AccountClosed, { code: status.FAILED_PRECONDITION, reason: 'ACCOUNT_CLOSED' }),
  on(AccountEtagMismatch, { code: status.ABORTED, reason: 'ETAG_MISMATCH' }),
  on(BalanceNotZero, { code: status.FAILED_PRECONDITION, reason: 'BALANCE_NOT_ZERO' }),
  on(BalanceTooLow, { code: status.FAILED_PRECONDITION, reason: 'BALANCE_TOO_LOW' }),
  on(BalanceTooHigh, { code: status.OUT_OF_RANGE, reason: 'BALANCE_TOO_HIGH' }),
  on(CurrenciesDiffer, { code: status.FAILED_PRECONDITION, reason: 'CURRENCIES_DIFFER' }),
  on(IdempotencyKeyReused, {
    code: status.FAILED_PRECONDITION,
    reason: 'IDEMPOTENCY_KEY_REUSED',
    fields: () => [{ field: 'idempotency_key', description: 'was used for another movement: make a new one' }],
  }),
  on(OpenRequestIdReused, {
    code: status.FAILED_PRECONDITION,
    reason: 'REQUEST_ID_REUSED',
    fields: () => [{ field: 'request_id', description: 'was used to open another account: make a new one' }],
  }),
  on(EventsUnknown, { code: status.FAILED_PRECONDITION, reason: 'EVENTS_UNKNOWN' }),
  on(EventsAway, { code: status.UNAVAILABLE, reason: 'EVENTS_UNAVAILABLE', retryAfterMs: 1_000 }),
  on(PasswordWrong, { code: status.PERMISSION_DENIED, reason: 'PASSWORD_WRONG' }),
  on(TokenInvalid, { code: status.FAILED_PRECONDITION, reason: 'TOKEN_INVALID' }),
  on(AttemptsLimited, {
    code: status.RESOURCE_EXHAUSTED,
    reason: 'ATTEMPTS_LIMITED',
    retryAfterMs: (error) => error.retryAfterMs,
  }),
  on(Overloaded, { code: status.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', retryAfterMs: 1_000 }),
];
