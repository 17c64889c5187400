import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start, type DevDatabase } from '@tidemark/dev-db';

const templateDir = fileURLToPath(new URL('../../../node_modules/.cache/tidemark-templates', import.meta.url));
const keptForMs = 24 * 60 * 60 * 1_000;
const embeddedDatabaseDir = fileURLToPath(new URL('../../dev-db/src', import.meta.url));

export interface TestDatabase {
  /** The address for an administrator's connection. */
  readonly url: string;
  /** Of the server's process. One in memory is not started again when it dies. */
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * A fresh database in memory with a migrated schema. The migrations run once for as long as the files under `schemaDir`
 * stay as they are; after that, each database begins from their snapshot.
 */
export async function testDatabase(options: {
  /** The folder that holds everything the schema depends on. */
  schemaDir: string;
  /** What else the migration depends on. */
  variant?: string;
  migrate: (url: string) => Promise<unknown>;
}): Promise<TestDatabase> {
  const template = join(templateDir, `${digestOf(options.schemaDir, options.variant ?? '')}.tar`);
  if (!existsSync(template)) await makeTemplate(template, options.migrate);
  return start({ template, jobIntervalMs: false });
}

/** Two test files may do this at once: each writes a file of its own, and the last one stays. */
async function makeTemplate(template: string, migrate: (url: string) => Promise<unknown>): Promise<void> {
  mkdirSync(templateDir, { recursive: true });
  removeOldTemplates();
  const draft = `${template}.${process.pid}`;
  const database: DevDatabase = await start({ jobIntervalMs: false });
  try {
    await migrate(database.url);
    await database.snapshot(draft);
    renameSync(draft, template);
  } finally {
    await database.stop();
  }
}

/** Those of schemas that were changed since: a template has some 15 MB. */
function removeOldTemplates(): void {
  for (const name of readdirSync(templateDir)) {
    const file = join(templateDir, name);
    const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
    if (mtimeMs < Date.now() - keptForMs) rmSync(file, { force: true });
  }
}

/** Of everything a snapshot depends on: the schema, and the embedded database that wrote it. */
function digestOf(schemaDir: string, variant: string): string {
  const hash = createHash('sha256').update(variant);
  for (const folder of [schemaDir, embeddedDatabaseDir]) {
    hash.update(folder);
    for (const name of readdirSync(folder, { recursive: true }).map(String).sort()) {
      const file = join(folder, name);
      if (statSync(file).isFile()) hash.update(name).update(readFileSync(file));
    }
  }
  return hash.digest('hex').slice(0, 32);
}
