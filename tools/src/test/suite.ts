import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** What one run of the tests came to, and on which database. */
export interface SuiteResult extends Counts {
  database: string;
  failures: readonly Failure[];
}

/** A test that failed, or what else did, and the first lines of what it said. */
interface Failure {
  file: string;
  test: string;
  message: string;
}

type ProjectResult = Omit<SuiteResult, 'database'>;

export interface Step {
  command: 'nx' | 'prettier';
  args: readonly string[];
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const projectFiles = ['{libs,services}/*/.test-results/result.json', '{tools,e2e}/.test-results/result.json'];
const suiteFiles = '.test-results/*.json';

/** Runs the steps, all of them, and adds up what the projects' tests counted. */
export async function runSuite(
  name: string,
  database: string,
  steps: readonly Step[],
  env: NodeJS.ProcessEnv,
): Promise<SuiteResult> {
  // A result of an earlier run must not stand in for a project whose tests could not even start.
  for (const file of filesOf(projectFiles)) rmSync(file);
  const failedSteps: Failure[] = [];
  for (const step of steps) if (!(await run(step, env))) failedSteps.push(failureOf(step));
  const projects = filesOf(projectFiles).map((file) => read(file) as ProjectResult);
  const counted = sum(projects);
  // A step that fails for another reason than a test counts as one failure.
  const result =
    counted.failed > 0
      ? { ...counted, database, failures: projects.flatMap((project) => project.failures) }
      : { ...counted, failed: failedSteps.length, database, failures: failedSteps };
  record(name, result);
  return result;
}

function failureOf({ command, args }: Step): Failure {
  return { file: [command, ...args].join(' '), test: 'failed, though no test did', message: 'Its output says why.' };
}

/** For a suite that could not even begin: it must not be missing from the total. */
export function recordFailure(name: string, database: string): void {
  record(name, { passed: 0, failed: 1, skipped: 0, database, failures: [] });
}

function record(name: string, result: SuiteResult): void {
  mkdirSync(`${root}/.test-results`, { recursive: true });
  writeFileSync(`${root}/.test-results/${name}.json`, JSON.stringify(result));
}

/** Of each suite's last run. */
export function results(): SuiteResult[] {
  return filesOf([suiteFiles]).map((file) => read(file) as SuiteResult);
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

/** The failed tests, each with the beginning of what it said: in the output of a whole run they are hard to find. */
export function reportOf({ database, failures }: SuiteResult): string {
  return failures
    .map(({ file, test, message }) => `FAILED on ${database}: ${file}\n${indented(`${test}\n${message}`)}\n\n`)
    .join('');
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
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

function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}
