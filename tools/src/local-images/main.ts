// `npx nx run tools:local-images` makes every image that docker-compose.yml names, and writes their names as settings for
// it; with the argument "database", only the database's.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { workspaceRoot } from '../generate-contracts.ts';
import { CannotMake, prepareDatabase, prepareServices } from './prepare.ts';
import { CommandFailed } from './run.ts';
import { say } from './say.ts';

const settingsFile = join(workspaceRoot, '.tidemark', 'images.env');

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandFailed || error instanceof CannotMake)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<number> {
  if (args.length > 1 || (args[0] ?? 'database') !== 'database') {
    say(`The arguments "${args.join(' ')}" are not known: give none, or "database".`);
    return 2;
  }
  const database = await prepareDatabase();
  if (!database.engine) {
    say(`No image: ${database.why}. The database can be started by chroot, from ${database.root}.`);
    return 1;
  }
  const settings = { COMPOSE_PROFILES: 'apache', DATABASE_IMAGE: database.image, APACHE_IMAGE: database.image };
  write(args.length === 1 ? settings : { ...settings, ...(await serviceSettings()) });
  return 0;
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
  process.stdout.write(`${settingsFile}:\n${lines.join('')}`);
}
