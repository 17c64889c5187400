import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { machine, type Machine } from './machine.ts';
import type { Measure, Result } from './measure.ts';
import { readOptions, usageOf, UsageError, type BenchOptions } from './options.ts';
import { json, markdown, type Line } from './report.ts';
import { topOfProfile } from './top-of-profile.ts';

/** What a measure works with, and what is asked for the report. */
export interface OpenBench {
  /** For an administrator. */
  readonly admin: pg.Client;
  readonly isEmbedded: boolean;
  close(): Promise<void>;
}

export interface BenchOf<B extends OpenBench> {
  service: 'events' | 'users';
  /** In the order of the table. */
  measures: readonly Measure<B>[];
  /** One for each measure. @param name the measure's */
  readonly open: (options: BenchOptions, name: string) => Promise<B>;
}

/** `npx nx bench SERVICE`: the measures that the arguments of the process ask for, as a table and as JSON. */
export async function runBench<B extends OpenBench>(bench: BenchOf<B>): Promise<void> {
  const usage = usageOf(bench.service);
  try {
    const options = readOptions(process.argv.slice(2), process.env);
    if (options.help) process.stdout.write(usage);
    else if (options.list) for (const { name, title } of bench.measures) process.stdout.write(`${name}: ${title}\n`);
    else await runAll(bench, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  }
}

async function runAll<B extends OpenBench>(bench: BenchOf<B>, options: BenchOptions): Promise<void> {
  const lines: Line[] = [];
  let where: Machine | undefined;
  for (const measure of chosen(bench.measures, options.only)) {
    process.stdout.write(`${measure.name} ...\n`);
    const { result, machine } = await run(bench, measure, options);
    where ??= machine;
    lines.push({ measure, result });
    if (options.profileDir !== undefined) {
      process.stdout.write(await topOfProfile(join(options.profileDir, `${measure.name}.cpuprofile`)));
    }
  }
  if (!where) return;
  process.stdout.write(`\n${markdown(lines, where)}`);
  if (options.jsonFile !== undefined) await writeFile(options.jsonFile, json(lines, where));
}

function chosen<B>(measures: readonly Measure<B>[], only: readonly string[]): readonly Measure<B>[] {
  if (only.length === 0) return measures;
  return only.map((name) => {
    const measure = measures.find((each) => each.name === name);
    if (!measure)
      throw new UsageError(`--only has "${name}": the measures are ${measures.map((m) => m.name).join(', ')}.`);
    return measure;
  });
}

async function run<B extends OpenBench>(
  { open }: BenchOf<B>,
  measure: Measure<B>,
  options: BenchOptions,
): Promise<{ result: Result; machine: Machine }> {
  const bench = await open(options, measure.name);
  try {
    return { result: await measure.run(bench), machine: await machine(bench.admin, bench.isEmbedded) };
  } finally {
    await bench.close();
  }
}
