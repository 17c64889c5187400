import { fileURLToPath } from 'node:url';
import { start } from '@tidemark/dev-db';
import { digestOf, testDatabase as databaseFromTemplate } from '@tidemark/mikro-orm-timescale/testing';

const cacheDir = fileURLToPath(new URL('../../../node_modules/.cache/tidemark-templates', import.meta.url));
const embeddedDatabaseDir = fileURLToPath(new URL('../../dev-db/src', import.meta.url));

export interface TestDatabase {
  /** The address for an administrator's connection. */
  readonly url: string;
  /** Of the server's process. One in memory is not started again when it dies. */
  readonly pid: number;
  stop(): Promise<void>;
}

/**
 * A fresh database in memory with a migrated schema. The migrations run once for as long as the files under `schemaDirs`
 * stay as they are; after that, each database begins from their snapshot.
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
  const { server } = await databaseFromTemplate({
    server: (from) => start({ ...from, jobIntervalMs: false }),
    key,
    migrate,
    cacheDir,
  });
  return server;
}
