import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceRoot } from '../generate-contracts.ts';
import type { ServiceImages } from './build-services.ts';

/** Writes the names of images as settings for docker-compose.yml, and answers the path of the file. */
export function writeSettings(database: string, services?: ServiceImages): string {
  const settings = {
    // There is no other edition among Debian's packages.
    COMPOSE_PROFILES: 'apache',
    APACHE_IMAGE: database,
    ...(services && {
      DEBIAN_IMAGE: services.debian,
      NODE_IMAGE: services.node,
      EVENTS_IMAGE: services.events,
      USERS_IMAGE: services.users,
    }),
  };
  const file = join(workspaceRoot, '.tidemark', 'images.env');
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(
    file,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  return file;
}
