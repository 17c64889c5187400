// `npx nx soak users`: money under fire. Exit code 1 where a balance, its history and what was acknowledged differ.
import { parseArgs } from 'node:util';
import { report } from './report.ts';
import { soak } from './soak.ts';

const usage = `npx nx soak users [options]

  --transfers N  how many (default 100000)
  --seconds N    ends after so many, however many transfers that are
  --seed N       repeats the troubles and the transfers of a run
  --verbose      tells of each trouble

Without DATABASE_URL a database server is started and killed as well: of TIMESCALE_IMAGE or TIMESCALE_ROOT, else the
embedded one. With it, a database is made on that server, which lives on.
`;

const { values } = parseArgs({
  options: {
    transfers: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    verbose: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [transfers, seconds, seed] = [Number(values.transfers), Number(values.seconds), Number(values.seed)];
if (values.help || !(transfers > 0) || !(seconds > 0) || !Number.isSafeInteger(seed)) {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  process.stdout.write(`--seed ${seed}: ${transfers} transfers in trouble ...\n`);
  const result = await soak({
    serverUrl: process.env['DATABASE_URL'] || undefined,
    transfers,
    seconds,
    seed,
    code: 'dist',
    ...(values.verbose && {
      say: (line) => process.stdout.write(`${new Date().toISOString().slice(11, 23)} ${line}\n`),
    }),
  });
  process.stdout.write(`${report(result)}\n`);
  process.exitCode = result.deviations.length === 0 ? 0 : 1;
}
