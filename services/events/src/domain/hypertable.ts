import type { Micros } from './micros.ts';

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
}
