import type { Measure as MeasureOf } from '@tidemark/testing/bench';
import type { Bench } from './bench.ts';

export type Measure = MeasureOf<Bench>;
export type { Result } from '@tidemark/testing/bench';
