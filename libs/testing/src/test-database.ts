import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start, type DevDatabase } from '@tidemark/dev-db';

const embeddedDatabaseDir = fileURLToPath(new URL('../../dev-db/src', import.meta.url));

export interface TestDatabase {
  /** The address for an administrator's connection. */
  readonly url: string;
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
  const template = join(tmpdir(), 'tidemark-templates', `${digestOf(options.schemaDir, options.variant ?? '')}.tar`);
  if (!existsSync(template)) await makeTemplate(template, options.migrate);
  return start({ template, jobIntervalMs: false });
}

/** Two test files may do this at once: each snapshot is whole, and the last one stays. */
async function makeTemplate(file: string, migrate: (url: string) => Promise<unknown>): Promise<void> {
  mkdirSync(join(tmpdir(), 'tidemark-templates'), { recursive: true });
  const database: DevDatabase = await start({ jobIntervalMs: false });
  try {
    await migrate(database.url);
    await database.snapshot(file);
  } finally {
    await database.stop();
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
