import { rejectionReasonToJSON, type StreamEventsResponse } from '@tidemark/contracts/events';
import type { Batch } from './read-batches.ts';

export interface Place {
  readonly file: string;
  readonly line: number;
}

export interface RejectedLine extends Place {
  readonly reason: string;
  readonly message: string;
}

/** What became of the lines so far. */
export class Tally {
  linesRead = 0;
  stored = 0;
  duplicates = 0;
  malformed = 0;
  /** By reason, such as TIME_TOO_OLD. */
  readonly rejected = new Map<string, number>();
  /** The first of them. */
  readonly malformedPlaces: Place[] = [];
  outages = 0;
  resentEvents = 0;

  addMalformed(place: Place): void {
    this.malformed += 1;
    if (this.malformedPlaces.length < 5) this.malformedPlaces.push(place);
  }

  /** @returns the lines that the service refused */
  addAnswer({ file, lineNumbers }: Batch, { stored, duplicates, rejections }: StreamEventsResponse): RejectedLine[] {
    this.stored += stored;
    this.duplicates += duplicates;
    return rejections.map(({ index, reason: code, message }) => {
      const reason = rejectionReasonToJSON(code).replace('REJECTION_REASON_', '');
      this.rejected.set(reason, (this.rejected.get(reason) ?? 0) + 1);
      return { file, line: lineNumbers[index] ?? 0, reason, message };
    });
  }

  get rejections(): number {
    return [...this.rejected.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Lines with events were read, and the service has none of them. */
  get isFruitless(): boolean {
    return this.stored + this.duplicates === 0 && this.malformed + this.rejections > 0;
  }
}
