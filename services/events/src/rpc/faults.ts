import { status } from '@grpc/grpc-js';
import { on, type FaultRule } from '@tidemark/grpc-kit';
import { InvalidArgument } from '../domain/invalid-argument.ts';
import { NotFound } from '../domain/not-found.ts';

/** What callers are told of the service's failures. */
export const faults: readonly FaultRule[] = [
  on(InvalidArgument, {
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: (error) => error.violations,
  }),
  on(NotFound, {
    code: status.NOT_FOUND,
    reason: 'NOT_FOUND',
    metadata: ({ resource, key }) => ({ resource, key }),
  }),
];
