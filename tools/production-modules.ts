// Copies the packages that a service needs in production out of node_modules: node tools/production-modules.ts NAME TARGET
// What npm ci --omit=dev keeps is more: the dependencies of every workspace, the embedded database of the tests too.
import { cpSync, existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
  peerDependenciesMeta?: Record<string, { optional?: boolean }>;
}

const [service = '', target = ''] = process.argv.slice(2);
const root = resolve(import.meta.dirname, '..');
const reached = new Set<string>();

reach(join(root, 'services', service));
for (const folder of reached) {
  const path = relative(root, folder);
  // Those of the workspace are in the bundle, and types are for the compiler.
  if (!path.startsWith('node_modules') || path.startsWith('node_modules/@types/')) continue;
  const nested = join(folder, 'node_modules');
  cpSync(folder, join(target, path), { recursive: true, filter: (source) => source !== nested });
}

function reach(folder: string): void {
  if (reached.has(folder)) return;
  reached.add(folder);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  for (const name of required(manifest)) {
    const found = find(name, folder);
    if (!found) throw new Error(`${folder} needs ${name}, which is not installed: run npm ci.`);
    reach(found);
  }
  // One a platform, of which npm installed the right one.
  for (const name of Object.keys(manifest.optionalDependencies ?? {})) {
    const found = find(name, folder);
    if (found) reach(found);
  }
}

function required(manifest: Manifest): string[] {
  const { dependencies = {}, optionalDependencies = {}, peerDependencies = {}, peerDependenciesMeta = {} } = manifest;
  const peers = Object.keys(peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional);
  return [...Object.keys(dependencies).filter((name) => !(name in optionalDependencies)), ...peers];
}

/** The nearest node_modules that holds the package, as Node looks for it. */
function find(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return realpathSync(found);
    if (folder === root) return undefined;
  }
}
