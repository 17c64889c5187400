import { makeImages, settingsFile } from '../local-images/make-images.ts';

/** Settings that lead the tests to a database and services from images made here, or to the same database by chroot. */
export async function localImages(): Promise<Record<string, string>> {
  const database = await makeImages('all');
  if (!database.engine) {
    process.stdout.write(`No containers: ${database.why}. The tests run on the same PostgreSQL by chroot.\n`);
    return { TIMESCALE_ROOT: database.root };
  }
  // Testcontainers' own helper is nowhere to be had without a registry.
  const ryuk = { TESTCONTAINERS_RYUK_DISABLED: 'true' };
  return { TIMESCALE_IMAGE: database.image, TIDEMARK_IMAGES: settingsFile, ...ryuk };
}
