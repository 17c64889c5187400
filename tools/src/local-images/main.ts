// `npx nx run tools:local-images`: makes images without a registry and prints their names as settings for
// docker-compose.yml. With the argument "database", only the database's.
import { prepareDatabase, prepareServices } from './prepare.ts';
import { NoRootFolder } from './root-folder.ts';
import { CommandFailed } from './run.ts';
import { say } from './say.ts';

try {
  await main(process.argv[2]);
} catch (error) {
  if (!(error instanceof CommandFailed || error instanceof NoRootFolder)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function main(only: string | undefined): Promise<void> {
  if (only !== undefined && only !== 'database') {
    say(`"${only}" is not known: give no argument, or "database".`);
    process.exitCode = 2;
    return;
  }
  const database = await prepareDatabase();
  if (!database.engine) {
    say(`${database.why}; the database can be started by chroot from ${database.root}`);
    process.exitCode = 1;
    return;
  }
  print({ DATABASE_IMAGE: database.image, APACHE_IMAGE: database.image });
  if (only === 'database') return;
  const services = await prepareServices();
  if (!services.engine) throw new CommandFailed(services.why);
  const { debian, node, events, users } = services.images;
  print({ DEBIAN_IMAGE: debian, NODE_IMAGE: node, EVENTS_IMAGE: events, USERS_IMAGE: users });
}

function print(settings: Record<string, string>): void {
  for (const [name, value] of Object.entries(settings)) process.stdout.write(`${name}=${value}\n`);
}
