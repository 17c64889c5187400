import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './code-of.ts';
import { shortDigest } from './digest-of.ts';
import type { EmbeddedServer, OnEmbeddedServer } from './test-database.ts';

/** Starts an embedded server from the template file, which is made first where there is none. */
export async function startFromFile<S extends EmbeddedServer>(options: OnEmbeddedServer<S>): Promise<S> {
  const folder = options.cacheDir ?? join(process.cwd(), 'node_modules/.cache/mikro-orm-timescale');
  const template = join(folder, `${shortDigest(options.key)}.tar`);
  if (!(await isThere(template))) await makeTemplate(folder, template, options);
  return options.server({ template });
}

const keptForMs = 24 * 60 * 60 * 1_000;

/** Several may do this at once: each writes a file of its own, and the last one stays. */
async function makeTemplate(
  folder: string,
  template: string,
  { server: start, migrate }: OnEmbeddedServer<EmbeddedServer>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await removeUnused(folder);
  const draft = `${template}.${randomUUID()}`;
  const server = await start({});
  try {
    await migrate(server.url);
    await server.snapshot(draft);
    await rename(draft, template);
  } finally {
    await rm(draft, { force: true });
    await server.stop();
  }
}

/** Marks it as used, too. */
async function isThere(template: string): Promise<boolean> {
  const now = new Date();
  try {
    await utimes(template, now, now);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Templates of schemas that have changed since, some 15 MB each, and what killed processes left. */
async function removeUnused(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Infinity }));
    if (mtimeMs < Date.now() - keptForMs) await rm(file, { force: true });
  }
}
