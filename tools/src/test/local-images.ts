import { prepareDatabase, prepareServices } from '../local-images/prepare.ts';

/** Settings that lead the tests to a database and services from images made here, or to a chroot where nothing runs images. */
export async function localImages(): Promise<NodeJS.ProcessEnv> {
  const database = await prepareDatabase();
  if (!database.engine) {
    process.stdout.write(`No containers: ${database.why}. The tests run on the same PostgreSQL by chroot.\n`);
    return { TIMESCALE_ROOT: database.root };
  }
  const services = await prepareServices();
  return {
    TIMESCALE_IMAGE: database.image,
    TESTCONTAINERS_RYUK_DISABLED: 'true',
  };
}
