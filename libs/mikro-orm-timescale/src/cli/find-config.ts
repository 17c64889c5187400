import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Surroundings } from './run.ts';

/**
 * The ORM's configuration, where MikroORM's own command line looks for it: `--config`; or MIKRO_ORM_CLI_CONFIG,
 * "mikro-orm".configPaths in package.json and the usual places, whichever is there first.
 *
 * @throws Error that names the places where it was not
 */
export function findConfig({ cwd, env }: Pick<Surroundings, 'cwd' | 'env'>, given: string | undefined): string {
  const candidates = given === undefined ? places(cwd, env) : [given];
  const found = candidates.map((path) => resolve(cwd, path)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Error(`There is no ORM configuration in ${candidates.join(', ')}: name it with --config.`);
}

function places(cwd: string, env: Surroundings['env']): string[] {
  const settings = settingsOf(cwd);
  const fromEnv = env['MIKRO_ORM_CLI_CONFIG'];
  const compiled = ['dist', 'build'].find((folder) => existsSync(join(cwd, folder))) ?? 'src';
  const all = [
    ...(fromEnv ? [fromEnv] : []),
    ...(settings.configPaths ?? []),
    './src/mikro-orm.config.ts',
    './mikro-orm.config.ts',
    `./${compiled}/mikro-orm.config.js`,
    './mikro-orm.config.js',
  ];
  return [...new Set(all)].filter((path) => !/\.[mc]?ts$/.test(path) || readsTypeScript(settings, env));
}

interface Settings {
  configPaths?: string[];
  preferTs?: boolean;
}

/** Of the nearest package.json. */
function settingsOf(folder: string): Settings {
  const file = join(folder, 'package.json');
  if (existsSync(file)) {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as { 'mikro-orm'?: Settings };
    return manifest['mikro-orm'] ?? {};
  }
  const parent = dirname(folder);
  return parent === folder ? {} : settingsOf(parent);
}

/** Node strips types by itself, from 22.18 on. */
function readsTypeScript({ preferTs }: Settings, env: Surroundings['env']): boolean {
  if (env['MIKRO_ORM_CLI_CONFIG']?.endsWith('.ts')) return true;
  const wished = env['MIKRO_ORM_CLI_PREFER_TS'];
  const wanted = wished === undefined ? preferTs : ['true', 't', '1'].includes(wished.toLowerCase());
  return wanted ?? Boolean(process.features.typescript);
}
