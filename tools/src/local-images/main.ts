// `npx nx run tools:local-images` makes every image that docker-compose.yml names, and writes their names as settings for
// it; with the argument "database", only the database's.
import { readFileSync } from 'node:fs';
import { CannotMake, prepareDatabase, prepareServices } from './prepare.ts';
import { CommandFailed } from './run.ts';
import { say } from './say.ts';
import { writeSettings } from './write-settings.ts';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof CommandFailed || error instanceof CannotMake)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function main(args: string[]): Promise<number> {
  const databaseOnly = args[0] === 'database';
  if (args.length > (databaseOnly ? 1 : 0)) {
    say(`The arguments "${args.join(' ')}" are not known: give none, or "database".`);
    return 2;
  }
  const database = await prepareDatabase();
  if (!database.engine) {
    say(`No image: ${database.why}. The database can be started by chroot, from ${database.root}.`);
    return 1;
  }
  const services = databaseOnly ? undefined : await prepareServices();
  if (services?.engine === false) throw new CannotMake(`No images of the services: ${services.why}.`);
  const file = writeSettings(database.image, services?.images);
  process.stdout.write(`${file}:\n${readFileSync(file, 'utf8')}`);
  return 0;
}
