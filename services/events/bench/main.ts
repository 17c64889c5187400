// `npx nx bench events`: how fast the service is, as ratios that were measured in one run.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Bench } from './bench.ts';
import { machine, type Machine } from './machine.ts';
import type { Measure, Result } from './measure.ts';
import { measures } from './measures/index.ts';
import { readOptions, usage, UsageError, type BenchOptions } from './options.ts';
import { json, markdown, type Line } from './report.ts';
import { topOfProfile } from './top-of-profile.ts';

try {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options.help) process.stdout.write(usage);
  else if (options.list) for (const { name, title } of measures) process.stdout.write(`${name}: ${title}\n`);
  else await runAll(options);
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}

async function runAll(options: BenchOptions): Promise<void> {
  const lines: Line[] = [];
  let where: Machine | undefined;
  for (const measure of chosen(options.only)) {
    process.stdout.write(`${measure.name} ...\n`);
    const { result, machine } = await run(measure, options);
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

function chosen(only: readonly string[]): readonly Measure[] {
  if (only.length === 0) return measures;
  return only.map((name) => {
    const measure = measures.find((each) => each.name === name);
    if (!measure)
      throw new UsageError(`--only has "${name}": the measures are ${measures.map((m) => m.name).join(', ')}.`);
    return measure;
  });
}

async function run(measure: Measure, options: BenchOptions): Promise<{ result: Result; machine: Machine }> {
  const bench = await Bench.open(options, measure.name);
  try {
    return { result: await measure.run(bench), machine: await machine(bench.admin, bench.isEmbedded) };
  } finally {
    await bench.close();
  }
}
