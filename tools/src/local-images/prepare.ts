import { aptInstall, isRootOnDebian } from './apt-install.ts';
import { buildServices, type ServiceImages } from './build-services.ts';
import { ensureEngine } from './ensure-engine.ts';
import { forgetOldImages, imageOf } from './image.ts';
import { debian, node, timescaledb } from './recipes.ts';
import { CannotMake, rootFolder } from './root-folder.ts';
import { outputOf } from './run.ts';

export { CannotMake };

export type PreparedDatabase =
  | { engine: true; /** The name of the database's image. */ image: string }
  | { engine: false; why: string; /** The folder to start the same database from, by chroot. */ root: string };

export type PreparedServices = { engine: true; images: ServiceImages } | { engine: false; why: string };

/**
 * PostgreSQL with the Apache edition of TimescaleDB: as an image, or where no engine can be had, as a root folder. It may
 * be called by several processes at once.
 *
 * @throws CannotMake where neither can be made, CommandFailed where making it failed
 */
export async function prepareDatabase(): Promise<PreparedDatabase> {
  const why = await ensureEngine();
  if (why === undefined) return { engine: true, image: await imageOf(timescaledb) };
  try {
    return { engine: false, why, root: await rootFolder(timescaledb) };
  } catch (error) {
    throw error instanceof CannotMake ? new CannotMake(`There is no image: ${why}. ${error.message}`) : error;
  }
}

/** The images of the services, built on bases that are made here, and docker-compose to start them with. */
export async function prepareServices(): Promise<PreparedServices> {
  const why = await ensureEngine();
  if (why !== undefined) return { engine: false, why };
  if (isRootOnDebian() && (await outputOf('docker', 'compose', 'version')) === undefined) {
    await aptInstall('docker-compose', 'docker-compose');
  }
  const bases = { debian: await imageOf(debian), node: await imageOf(node) };
  const images = { ...bases, ...(await buildServices(bases)) };
  await forgetOldImages();
  return { engine: true, images };
}
