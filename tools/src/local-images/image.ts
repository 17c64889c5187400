import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './config.ts';
import { digestOf, type Recipe } from './recipes.ts';
import { rootFolder } from './root-folder.ts';
import { outputOf, runLogged } from './run.ts';
import { say } from './say.ts';

const label = 'dev.tidemark.recipe';
// A cluster that runs in the folder without an engine, and what each machine has of its own.
const excluded = ['./var/lib/postgresql/*/*', './dev/*', './proc/*', './sys/*', './run/*/*', './tmp/*'];

/** The name of a recipe's image, which is made unless the engine has it. */
export async function imageOf(recipe: Recipe): Promise<string> {
  const filter = `label=${label}=${digestOf(recipe)}`;
  const there = await outputOf('docker', 'image', 'ls', '--filter', filter, '--format', '{{.Repository}}:{{.Tag}}');
  const name = there?.split('\n').find((each) => each.startsWith(`tidemark-local/${recipe.name}:`));
  return name ?? importRoot(recipe, await rootFolder(recipe));
}

/** `docker import` takes no STOPSIGNAL, so that all that is not a file comes from a Dockerfile. */
async function importRoot(recipe: Recipe, root: string): Promise<string> {
  const name = `tidemark-local/${recipe.name}:${recipe.tag(root)}`;
  const layer = `tidemark-local/${recipe.name}:layer-${process.pid}`;
  say(`making the image ${name}`);
  const tar = ['tar', '-C', root, ...excluded.map((path) => `--exclude=${path}`), '-c', '.'];
  const pipe = 'layer=$1; shift; set -o pipefail; "$@" | docker import - "$layer"';
  await runLogged(`${recipe.name}-import`, 'bash', ['-c', pipe, 'import', layer, ...tar]);
  const dockerfile = join(cacheDir, `${recipe.name}.Dockerfile`);
  writeFileSync(dockerfile, `FROM ${layer}\n${recipe.dockerfile}\nLABEL ${label}=${digestOf(recipe)}\n`);
  const build = 'docker build --tag "$1" - <"$2"';
  await runLogged(`${recipe.name}-image`, 'bash', ['-c', build, 'build', name, dockerfile]);
  await outputOf('docker', 'image', 'rm', layer);
  return name;
}

/** Removes what newer images have replaced for a week; until then it serves builds as a cache. */
export async function forgetOldImages(): Promise<void> {
  await outputOf('docker', 'image', 'prune', '--force', '--filter', `label=${label}`, '--filter', 'until=168h');
}
