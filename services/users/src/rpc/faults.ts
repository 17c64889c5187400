import { status } from '@grpc/grpc-js';
import { on, type FaultRule } from '@tidemark/grpc-kit';
import { InvalidFields } from '../domain/fields.ts';
import {
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
];
