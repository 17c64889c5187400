import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What one run of the tests counted, and on which database. */
export interface SuiteResult extends Counts {
  database: string;
}

export interface Step {
  command: 'nx' | 'prettier';
  args: readonly string[];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const countFiles = ['{libs,services}/*/.test-results/counts.json', '{tools,e2e}/.test-results/counts.json'];
const resultFiles = '.test-results/*.json';

/** Runs the steps, all of them, and adds up what the projects' tests counted. */
export async function runSuite(
  name: string,
  database: string,
  steps: readonly Step[],
  env: NodeJS.ProcessEnv,
): Promise<SuiteResult> {
  // A count of an earlier run must not stand in for a project whose tests could not even start.
  for (const file of filesOf(countFiles)) rmSync(file);
  let failedSteps = 0;
  for (const step of steps) if (!(await run(step, env))) failedSteps += 1;
  const counted = sum(filesOf(countFiles).map(readCounts));
  // A step that fails for another reason than a test counts as one failure.
  const result = { ...counted, failed: counted.failed || failedSteps, database };
  record(name, result);
  return result;
}

/** For a suite that could not even begin: it must not be missing from the total. */
export function recordFailure(name: string, database: string): void {
  record(name, { passed: 0, failed: 1, skipped: 0, database });
}

function record(name: string, result: SuiteResult): void {
  mkdirSync(`${root}/.test-results`, { recursive: true });
  writeFileSync(`${root}/.test-results/${name}.json`, JSON.stringify(result));
}

/** Of each suite's last run. */
export function results(): SuiteResult[] {
  return filesOf([resultFiles]).map((file) => JSON.parse(readFileSync(file, 'utf8')) as SuiteResult);
}

export function sum(all: readonly Counts[]): Counts {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const each of all) {
    total.passed += each.passed;
    total.failed += each.failed;
    total.skipped += each.skipped;
  }
  return total;
}

export function lineOf({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}

/** Without blocking: connections that whoever calls has open, to a container engine say, live on meanwhile. */
async function run({ command, args }: Step, env: NodeJS.ProcessEnv): Promise<boolean> {
  const child = spawn(`${root}/node_modules/.bin/${command}`, args, { cwd: root, env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

function filesOf(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => globSync(pattern, { cwd: root })).map((file) => `${root}/${file}`);
}

function readCounts(file: string): Counts {
  return JSON.parse(readFileSync(file, 'utf8')) as Counts;
}
