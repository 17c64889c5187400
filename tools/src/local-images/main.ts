// `npx nx run tools:local-images` makes every image that docker-compose.yml names, and writes their names as settings for
// it; with the argument "database", only the database's.
import { readFileSync } from 'node:fs';
import { makeImages, settingsFile } from './make-images.ts';
import { CannotMake } from './prepare.ts';
import { CommandFailed } from './run.ts';
import { say } from './say.ts';

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
  const database = await makeImages(args.length === 1 ? 'database' : 'all');
  if (!database.engine) {
    say(`No image: ${database.why}. The database can be started by chroot, from ${database.root}.`);
    return 1;
  }
  process.stdout.write(`${settingsFile}:\n${readFileSync(settingsFile, 'utf8')}`);
  return 0;
}
