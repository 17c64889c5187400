import { status } from '@grpc/grpc-js';
import { on, type FaultRule } from '@tidemark/grpc-kit';
import { ChunksKept, PreviewOutdated } from '../domain/drop-preview.ts';
import { CursorExpired } from '../domain/cursor-expired.ts';
import { InvalidArgument } from '../domain/invalid-argument.ts';
import { EventNotFound, HypertableNotFound, JobNotFound, RollupNotFound } from '../domain/not-found.ts';
import { Overloaded } from '../domain/overloaded.ts';
import { SourceDropped } from '../domain/source-dropped.ts';
import { SumOutOfRange } from '../domain/sum-out-of-range.ts';

/** What callers are told of the service's failures. */
export const faults: readonly FaultRule[] = [
  on(InvalidArgument, {
    code: status.INVALID_ARGUMENT,
    reason: 'FIELD_INVALID',
    fields: (error) => error.violations,
  }),
  on(EventNotFound, { code: status.NOT_FOUND, reason: 'EVENT_NOT_FOUND' }),
  on(HypertableNotFound, { code: status.NOT_FOUND, reason: 'HYPERTABLE_NOT_FOUND' }),
  on(CursorExpired, { code: status.OUT_OF_RANGE, reason: 'CURSOR_EXPIRED' }),
  on(Overloaded, { code: status.RESOURCE_EXHAUSTED, reason: 'OVERLOADED', retryAfterMs: 1_000 }),
  on(SumOutOfRange, { code: status.OUT_OF_RANGE, reason: 'SUM_OUT_OF_RANGE' }),
  on(ChunksKept, { code: status.FAILED_PRECONDITION, reason: 'CHUNKS_KEPT' }),
  on(PreviewOutdated, { code: status.FAILED_PRECONDITION, reason: 'PREVIEW_OUTDATED' }),
  on(JobNotFound, { code: status.NOT_FOUND, reason: 'JOB_NOT_FOUND' }),
  on(RollupNotFound, { code: status.NOT_FOUND, reason: 'ROLLUP_NOT_FOUND' }),
  on(SourceDropped, { code: status.FAILED_PRECONDITION, reason: 'SOURCE_DROPPED' }),
];
