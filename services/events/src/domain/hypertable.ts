import type { Micros } from './micros.ts';

export type Edition = 'community' | 'apache';

/** How TimescaleDB keeps one table. */
export interface Hypertable {
  readonly name: string;
  readonly timeColumn: string;
  readonly chunkInterval: Micros;
  /** As PostgreSQL writes an interval; undefined: kept for ever. */
  readonly retention: string | undefined;
  readonly chunkCount: number;
  readonly totalBytes: number;
  readonly approximateRowCount: number;
  readonly edition: Edition;
  readonly columnstore: Columnstore | undefined;
  /** The names of the rollups made of it. */
  readonly rollups: readonly string[];
}

/** How its old chunks are kept in columns. */
export interface Columnstore {
  /** As PostgreSQL writes an interval; undefined: no policy converts chunks. */
  readonly after: string | undefined;
  readonly segmentBy: readonly string[];
  readonly orderBy: readonly string[];
  readonly chunkCount: number;
  /** Of the converted chunks. */
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

/** What the service does differently on an edition. */
export const editionNotes: Readonly<Record<Edition, readonly string[]>> = {
  community: [],
  apache: [
    'Old chunks are dropped by a job of the service, since this edition has no retention policies.',
    'Old chunks stay in rows, since this edition has no columnstore.',
    'All answers come from raw events, since this edition has no rollups.',
  ],
};
