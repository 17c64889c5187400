import { spawnSync } from 'node:child_process';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const workspaceRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Makes libs/contracts/src/gen from proto/ if it is not there or not up to date; silent unless that fails. */
export function generateContracts(): void {
  const nx = fileURLToPath(new URL('../../node_modules/nx/dist/bin/nx.js', import.meta.url));
  const run = spawnSync(process.execPath, [nx, 'run', 'contracts:generate'], { cwd: workspaceRoot, encoding: 'utf8' });
  if (run.status === 0) return;
  process.stderr.write(`${run.stdout}${run.stderr}The contracts cannot be generated from proto/.\n`);
  process.exit(1);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) generateContracts();
