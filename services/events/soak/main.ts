// `npx nx soak events`: the ledger. Exit code 1 where what is stored differs from what was acknowledged.
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { soak } from './soak.ts';

const usage = `npx nx soak events [options]

  --seconds N   how long (default 300)
  --seed N      repeats the troubles and the data of a run
  --no-skewed   no client has a clock that is an hour off
  --verbose     tells of each trouble

Without DATABASE_URL a database server is started and killed as well: of TIMESCALE_IMAGE or TIMESCALE_ROOT, else the
embedded one. With it, a database is made on that server, which lives on.
`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    seconds: { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    skewed: { type: 'boolean', default: true },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
if (values.help || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.stdout.write(`--seed ${seed}: ${seconds} seconds of trouble ...\n`);
  const result = await soak({
    serverUrl: process.env['DATABASE_URL'] || undefined,
    seconds,
    seed,
    isSkewed: values.skewed,
    code: 'dist',
    ...(values.verbose && {
      say: (line) => process.stdout.write(`${new Date().toISOString().slice(11, 23)} ${line}\n`),
    }),
  });
  process.stdout.write(`${report(result)}\n`);
  process.exitCode = result.deviations.length === 0 ? 0 : 1;
}
