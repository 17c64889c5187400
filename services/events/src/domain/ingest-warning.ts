import type { RejectionReason } from './accept-event.ts';
import type { Batch } from './batch.ts';
import { hour, type Micros } from './micros.ts';

export type WarningKind = 'skewed' | 'late' | 'rejected';

/** What was noticed of some of a request's events. */
export interface IngestWarning {
  readonly kind: WarningKind;
  /** Of rejected events. */
  readonly reason: RejectionReason | undefined;
  readonly count: number;
  /** What is said of the last of them. */
  readonly message: string;
}

/** How long after its time an event is late. */
const lateness: Micros = hour;

export function warningsOf({ events, rejections, skew }: Batch, now: Micros): IngestWarning[] {
  const warnings: IngestWarning[] = [];
  if (skew.corrects && events.length > 0) {
    const off = `${Math.round(Math.abs(skew.micros) / 1_000_000)} s ${skew.micros > 0 ? 'ahead' : 'behind'}`;
    const message = `sent_at is ${off}: the times of the events were corrected by that.`;
    warnings.push({ kind: 'skewed', reason: undefined, count: events.length, message });
  }
  let late = 0;
  for (const { time } of events) if (now - time > lateness) late += 1;
  if (late > 0) {
    warnings.push({ kind: 'late', reason: undefined, count: late, message: 'Received over an hour after its time.' });
  }
  for (const { reason, message } of rejections) warnings.push({ kind: 'rejected', reason, count: 1, message });
  return warnings;
}
