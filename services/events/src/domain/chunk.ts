import type { TimeRange } from './time-range.ts';

/** A part of a hypertable. */
export interface Chunk {
  /** With its schema, quoted as SQL needs it. No name is used twice. */
  readonly name: string;
  readonly range: TimeRange;
  readonly totalBytes: number;
  readonly approximateRowCount: number;
  readonly columnstore: boolean;
}
