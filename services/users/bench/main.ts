// `npx nx bench users`: how fast the service is, as ratios that were measured in one run.
import { runBench } from '@tidemark/testing/bench';
import { Bench } from './bench.ts';
import { measures } from './measures/index.ts';

await runBench({ service: 'users', measures, open: (options, name) => Bench.open(options, name) });
