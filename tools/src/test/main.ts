// `npm test`: formatting, lint, types, tests and builds of every project, then the count of all tests on the last line.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bin = (name: string): string => `${root}/node_modules/.bin/${name}`;
const counted = '{libs,services}/*/.test-results/counts.json';
const countedAtTop = '{tools,e2e}/.test-results/counts.json';

// A count of an earlier run must not stand in for a project whose tests could not even start.
for (const file of countFiles()) rmSync(file);
const steps = [
  run('prettier', '--check', '--log-level', 'warn', '.'),
  run('nx', 'run-many', '-t', 'lint', 'typecheck', 'build', 'test', '--output-style=static', ...process.argv.slice(2)),
];
const failedSteps = steps.filter((ok) => !ok).length;
const total = countFiles()
  .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Counts)
  .reduce(
    (sum, each) => ({
      passed: sum.passed + each.passed,
      failed: sum.failed + each.failed,
      skipped: sum.skipped + each.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
// A step that fails for another reason than a test counts as one failure.
const failed = total.failed || failedSteps;
process.stdout.write(
  `\n${total.passed} passed, ${failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`,
);
process.exit(failed === 0 ? 0 : 1);

function run(command: string, ...args: string[]): boolean {
  return spawnSync(bin(command), args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function countFiles(): string[] {
  return [counted, countedAtTop]
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .map((file) => `${root}/${file}`);
}
