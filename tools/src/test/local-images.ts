import { CannotMake, prepareDatabase, prepareServices } from '../local-images/prepare.ts';
import { writeSettings } from '../local-images/write-settings.ts';

/** Settings that lead the tests to a database and services from images made here, or to the same database by chroot. */
export async function localImages(): Promise<Record<string, string>> {
  const database = await prepareDatabase();
  if (!database.engine) {
    process.stdout.write(`No containers: ${database.why}. The tests run on the same PostgreSQL by chroot.\n`);
    return { TIMESCALE_ROOT: database.root };
  }
  const services = await prepareServices();
  if (!services.engine) throw new CannotMake(services.why);
  return {
    TIMESCALE_IMAGE: database.image,
    TIDEMARK_IMAGES: writeSettings(database.image, services.images),
    // Testcontainers' own helper is nowhere to be had without a registry.
    TESTCONTAINERS_RYUK_DISABLED: 'true',
  };
}
