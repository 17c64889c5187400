import type { Measure } from '../measure.ts';
import { compression } from './compression.ts';
import { growth } from './growth.ts';
import { memory } from './memory.ts';
import { rawBuckets } from './raw-buckets.ts';
import { rollupBuckets } from './rollup-buckets.ts';
import { rollupVsRaw } from './rollup-vs-raw.ts';
import { streamIngest } from './stream-ingest.ts';
import { unaryIngest } from './unary-ingest.ts';

/** In the order of the table. */
export const measures: readonly Measure[] = [
  streamIngest,
  unaryIngest,
  rawBuckets,
  rollupBuckets,
  rollupVsRaw,
  compression,
  growth,
  memory,
];
