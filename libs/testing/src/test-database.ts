import { fileURLToPath } from 'node:url';
import { start } from '@tidemark/dev-db';
import { digestOf, testDatabase as databaseFromTemplate } from '@tidemark/mikro-orm-timescale/testing';
import { testServerUrl } from './servers/test-server.ts';

const cacheDir = fileURLToPath(new URL('../../../node_modules/.cache/tidemark-templates', import.meta.url));
const embeddedDatabaseDir = fileURLToPath(new URL('../../dev-db/src', import.meta.url));

export interface TestDatabase {
  /** The address for an administrator's connection. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * A fresh database with a migrated schema, on the server that the tests run on or in an embedded one. The migrations run
 * once for as long as the files under `schemaDirs` stay as they are; after that, each database begins from their
 * snapshot. No background worker of TimescaleDB is in it.
 */
export async function testDatabase(options: {
  /** The folders that hold everything the schema depends on. */
  schemaDirs: readonly string[];
  /** What else the migration depends on. */
  variant?: string;
  migrate: (url: string) => Promise<unknown>;
}): Promise<TestDatabase> {
  const { schemaDirs, variant = '', migrate } = options;
  // A snapshot depends on the embedded database that wrote it, too.
  const key = `${digestOf(...schemaDirs, embeddedDatabaseDir)} ${variant}`;
  const template = { key, migrate };
  const database = testServerUrl
    ? await databaseFromTemplate({ server: testServerUrl, ...template })
    : await databaseFromTemplate({ server: (from) => start({ ...from, jobIntervalMs: false }), cacheDir, ...template });
  return { url: database.url, stop: () => database.drop() };
}

/** The same without any schema. */
export function emptyDatabase(): Promise<TestDatabase> {
  return testDatabase({ schemaDirs: [], variant: 'empty', migrate: () => Promise.resolve() });
}
