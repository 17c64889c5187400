import type { Measure } from '../measure.ts';
import { streamIngest } from './stream-ingest.ts';
import { unaryIngest } from './unary-ingest.ts';

/** In the order of the table. */
export const measures: readonly Measure[] = [streamIngest, unaryIngest];
