import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** A server where a database may be made; undefined: one that is started for it. */
  serverUrl: string | undefined;
  /** Where the results go as JSON. */
  jsonFile: string | undefined;
  /** The most that a measure has. */
  rows: number | undefined;
  /** How often each side of a comparison is measured. */
  rounds: number;
  /** The measures asked for; empty: all. */
  only: readonly string[];
  /** Where the CPU profiles of the service go. */
  profileDir: string | undefined;
}

export function usageOf(service: string): string {
  return `npx nx bench ${service} [options]

  --json FILE      writes the results as JSON as well
  --rows N         at most so many rows in each measure, such as 20000 to try it out
  --rounds N       how often each side is measured (default 5)
  --only A,B       these measures only
  --profile DIR    writes CPU profiles of the service, and prints where its time went
  --list           lists the measures

DATABASE_URL names a server whose user may create databases; without it an embedded database is started.
`;
}

export class UsageError extends Error {}

export function readOptions(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): BenchOptions & { list: boolean; help: boolean } {
  const { values } = parse(args);
  return {
    serverUrl: env['DATABASE_URL'] || undefined,
    jsonFile: values.json,
    rows: values.rows === undefined ? undefined : wholeNumber('--rows', values.rows),
    rounds: wholeNumber('--rounds', values.rounds),
    only: values.only.split(',').filter(Boolean),
    profileDir: values.profile,
    list: values.list,
    help: values.help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        json: { type: 'string' },
        rows: { type: 'string' },
        rounds: { type: 'string', default: '5' },
        only: { type: 'string', default: '' },
        profile: { type: 'string' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`${option} is "${text}": give a whole number from 1 on.`);
}

/** What Node is given, so that a service writes its profile. */
export function profiling({ profileDir }: BenchOptions, name: string): string[] {
  return profileDir === undefined
    ? []
    : ['--cpu-prof', `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${name}.cpuprofile`];
}
