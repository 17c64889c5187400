import type { Duration } from '@tidemark/contracts';
import {
  IngestWarningKind,
  RejectionReason,
  type Bucket,
  type Event,
  type IngestWarning,
  type Rejection as RejectionMessage,
  type TopValue,
} from '@tidemark/contracts/events';
import { durationOf, timestampOf } from '@tidemark/grpc-kit';
import type { ListedWarning } from '../db/list-ingest-warnings.ts';
import type { Rejection } from '../domain/batch.ts';
import type { Bucket as AnsweredBucket } from '../domain/bucket-query.ts';
import type { StoredEvent } from '../domain/event.ts';
import { isDurationMeasure, type Measure, type Measured } from '../domain/measure.ts';

export function eventMessage(event: StoredEvent): Event {
  return {
    id: event.id,
    time: timestampOf(event.time),
    page: event.page,
    userAgent: event.userAgent ?? '',
    ipAddress: event.ipAddress ?? '',
    referrer: event.referrer ?? '',
    sessionId: event.sessionId ?? '',
    userId: event.userId ?? '',
    duration: event.duration === null ? undefined : durationOf({ nanos: BigInt(event.duration) * 1_000n }),
    properties: event.properties ?? undefined,
    receivedTime: timestampOf(event.receivedTime),
    isBot: event.isBot,
    originalTime: event.originalTime === null ? undefined : timestampOf(event.originalTime),
  };
}

export function rejectionMessage({ index, reason, message }: Rejection): RejectionMessage {
  return { index, reason: RejectionReason[reason], message };
}

export function ingestWarningMessage(warning: ListedWarning): IngestWarning {
  return {
    caller: warning.caller,
    kind: warningKinds[warning.kind],
    reason: warning.reason ? RejectionReason[warning.reason] : RejectionReason.UNSPECIFIED,
    lastHourCount: BigInt(warning.lastHour),
    lastDayCount: BigInt(warning.lastDay),
    lastTime: timestampOf(warning.lastTime),
    lastMessage: warning.lastMessage,
  };
}

const warningKinds = {
  skewed: IngestWarningKind.SKEWED,
  late: IngestWarningKind.LATE,
  rejected: IngestWarningKind.REJECTED,
} as const;

export function bucketMessage({ start, group, measured, filled }: AnsweredBucket): Bucket {
  return {
    start: timestampOf(start),
    group: group === 'other' ? [] : [...group],
    other: group === 'other',
    filled: filled === true,
    ...countsMessage(measured),
    avgDuration: durationMessage(measured.avgDuration),
    minDuration: durationMessage(measured.minDuration),
    maxDuration: durationMessage(measured.maxDuration),
    p50Duration: durationMessage(measured.p50Duration),
    p95Duration: durationMessage(measured.p95Duration),
    p99Duration: durationMessage(measured.p99Duration),
  };
}

export function topValueMessage(value: string, measured: Measured): TopValue {
  const ranked = (Object.keys(measured) as Measure[]).find(isDurationMeasure);
  return { value, ...countsMessage(measured), duration: ranked && durationMessage(measured[ranked]) };
}

function countsMessage({ count, uniqueSessions, uniqueUsers }: Measured): {
  count: bigint;
  uniqueSessions: bigint | undefined;
  uniqueUsers: bigint | undefined;
} {
  return {
    count: BigInt(count),
    uniqueSessions: uniqueSessions === undefined ? undefined : BigInt(uniqueSessions),
    uniqueUsers: uniqueUsers === undefined ? undefined : BigInt(uniqueUsers),
  };
}

function durationMessage(nanos: bigint | null | undefined): Duration | undefined {
  return nanos === null || nanos === undefined ? undefined : durationOf({ nanos });
}
