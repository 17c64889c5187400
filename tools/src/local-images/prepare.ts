import { ensureEngine } from './ensure-engine.ts';
import { imageOf } from './image.ts';
import { debian, node, timescaledb } from './recipes.ts';
import { rootFolder } from './root-folder.ts';
import { buildServices, type ServiceImages } from './build-services.ts';

export type PreparedDatabase =
  | { engine: true; /** The name of the database's image. */ image: string }
  | { engine: false; why: string; /** The folder to start the same database from, by chroot. */ root: string };

export type PreparedServices = { engine: true; images: ServiceImages } | { engine: false; why: string };

/** PostgreSQL with the Apache edition of TimescaleDB: as an image, or where no engine can be had, as a root folder. */
export async function prepareDatabase(): Promise<PreparedDatabase> {
  const why = await ensureEngine();
  if (why !== undefined) return { engine: false, why, root: await rootFolder(timescaledb) };
  return { engine: true, image: await imageOf(timescaledb) };
}

/** The images of the services, built on bases that are made here. */
export async function prepareServices(): Promise<PreparedServices> {
  const why = await ensureEngine();
  if (why !== undefined) return { engine: false, why };
  const bases = { debian: await imageOf(debian), node: await imageOf(node) };
  return { engine: true, images: { ...bases, ...(await buildServices(bases)) } };
}
