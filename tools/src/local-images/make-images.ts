import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceRoot } from '../generate-contracts.ts';
import { CannotMake, prepareDatabase, prepareServices, type PreparedDatabase } from './prepare.ts';

/** The names of the images, as settings for docker-compose.yml. */
export const settingsFile = join(workspaceRoot, '.tidemark', 'images.env');

/**
 * Makes every image that docker-compose.yml names, or only the database's, and writes the settings. Without an engine it
 * writes nothing.
 *
 * @throws CannotMake, CommandFailed
 */
export async function makeImages(what: 'all' | 'database'): Promise<PreparedDatabase> {
  const database = await prepareDatabase();
  if (!database.engine) return database;
  const settings = { COMPOSE_PROFILES: 'apache', DATABASE_IMAGE: database.image, APACHE_IMAGE: database.image };
  write(what === 'database' ? settings : { ...settings, ...(await serviceSettings()) });
  return database;
}

async function serviceSettings(): Promise<Record<string, string>> {
  const services = await prepareServices();
  if (!services.engine) throw new CannotMake(services.why);
  const { debian, node, events, users } = services.images;
  return { DEBIAN_IMAGE: debian, NODE_IMAGE: node, EVENTS_IMAGE: events, USERS_IMAGE: users };
}

function write(settings: Record<string, string>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  mkdirSync(dirname(settingsFile), { recursive: true });
  writeFileSync(settingsFile, lines.join(''));
}
