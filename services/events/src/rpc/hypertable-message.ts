import {
  Edition,
  JobKind,
  JobOutcome,
  type Chunk as ChunkMessage,
  type Hypertable as HypertableMessage,
  type Job as JobMessage,
} from '@tidemark/contracts/events';
import { durationOf, timestampOf } from '@tidemark/grpc-kit';
import type { Chunk } from '../domain/chunk.ts';
import { editionNotes, type Columnstore, type Hypertable } from '../domain/hypertable.ts';
import type { Job } from '../domain/job.ts';

export function hypertableMessage(hypertable: Hypertable): HypertableMessage {
  return {
    name: hypertable.name,
    timeColumn: hypertable.timeColumn,
    chunkInterval: durationOf({ nanos: BigInt(hypertable.chunkInterval) * 1_000n }),
    retention: hypertable.retention ?? '',
    chunkCount: hypertable.chunkCount,
    totalBytes: BigInt(hypertable.totalBytes),
    approximateRowCount: BigInt(hypertable.approximateRowCount),
    edition: hypertable.edition === 'community' ? Edition.COMMUNITY : Edition.APACHE,
    editionNotes: [...editionNotes[hypertable.edition]],
    columnstore: hypertable.columnstore && columnstoreMessage(hypertable.columnstore),
    rollups: [...hypertable.rollups],
  };
}

function columnstoreMessage(columnstore: Columnstore): NonNullable<HypertableMessage['columnstore']> {
  return {
    after: columnstore.after ?? '',
    segmentBy: [...columnstore.segmentBy],
    orderBy: [...columnstore.orderBy],
    chunkCount: columnstore.chunkCount,
    bytesBefore: BigInt(columnstore.bytesBefore),
    bytesAfter: BigInt(columnstore.bytesAfter),
  };
}

export function chunkMessage({ name, range, totalBytes, approximateRowCount, columnstore }: Chunk): ChunkMessage {
  return {
    name,
    range: { start: timestampOf(range.start), end: timestampOf(range.end) },
    totalBytes: BigInt(totalBytes),
    approximateRowCount: BigInt(approximateRowCount),
    columnstore,
  };
}

export function jobMessage(job: Job): JobMessage {
  return {
    id: job.id,
    kind: kinds[job.kind],
    target: job.target,
    scheduleInterval: job.scheduleInterval,
    lastRunTime: job.lastRunTime === undefined ? undefined : timestampOf(job.lastRunTime),
    lastOutcome: job.lastOutcome ? outcomes[job.lastOutcome] : JobOutcome.UNSPECIFIED,
    lastErrorCode: job.lastErrorCode,
    nextRunTime: job.nextRunTime === undefined ? undefined : timestampOf(job.nextRunTime),
    runCount: BigInt(job.runCount),
    failureCount: BigInt(job.failureCount),
  };
}

const kinds = {
  retention: JobKind.RETENTION,
  columnstore: JobKind.COLUMNSTORE,
  refresh: JobKind.REFRESH,
  other: JobKind.UNSPECIFIED,
} as const;

const outcomes = { success: JobOutcome.SUCCESS, failure: JobOutcome.FAILURE } as const;
