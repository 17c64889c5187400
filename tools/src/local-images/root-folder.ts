import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, isRootOnDebian } from './apt-install.ts';
import { cacheDir } from './config.ts';
import { digestOf, scriptsDir, type Recipe } from './recipes.ts';
import { runLogged } from './run.ts';
import { say } from './say.ts';

/** What is asked for cannot be made on this machine; the message says what to do instead. */
export class CannotMake extends Error {}

/** The root folder of a recipe: from the cache, or made whole and then put there. It may be called at once by several. */
export async function rootFolder(recipe: Recipe): Promise<string> {
  const target = join(cacheDir, `${recipe.name}-${digestOf(recipe)}`);
  if (existsSync(target)) return target;
  if (!isRootOnDebian()) {
    throw new CannotMake(`Only root on Debian can make ${target}: be that, or name an image.`);
  }
  const parent = recipe.parent ? await rootFolder(recipe.parent) : '';
  await aptInstall('debootstrap', 'debootstrap', 'debian-archive-keyring');
  mkdirSync(cacheDir, { recursive: true });
  say(`making ${target}`);
  const [script = ''] = recipe.scripts;
  const lock = join(cacheDir, 'lock');
  const make = [join(scriptsDir, 'make-root.sh'), target, join(scriptsDir, script), parent, ...(recipe.args ?? [])];
  await runLogged(recipe.name, 'flock', [lock, ...make]);
  return target;
}
