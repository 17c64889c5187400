import { StartupError } from '@tidemark/grpc-kit';
import { addressToCall, readConfig, type StartConfig } from './config.ts';
import { openDatabase, type OpenDatabase } from './database.ts';
import { checkPort } from './port-check.ts';
import { ProcessRefused, runMigrations, ServiceProcess } from './service-process.ts';
import { welcome } from './welcome.ts';

// Beyond what the services give their calls, for closing what is left.
const closingMs = 5_000;

const services: ServiceProcess[] = [];
let database: OpenDatabase | undefined;
let migrating: Promise<void> | undefined;
let ending: Promise<void> | undefined;
let endingSince = 0;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, onSignal);
try {
  await start(readConfig());
} catch (error) {
  if (error instanceof StartupError) process.stderr.write(`${error.message}\n`);
  else if (!(error instanceof ProcessRefused)) throw error;
  await end(1);
}

async function start(config: StartConfig): Promise<void> {
  await checkPort('EVENTS', config.events);
  await checkPort('USERS', config.users);
  database = await openDatabase(config, giveUp);
  const shared = { stopTimeoutMs: config.shutdownGraceMs + closingMs, onGaveUp: giveUp };
  const kinds = [
    // The embedded database does one thing at a time: a second writer would only wait for the first.
    {
      name: 'events',
      env: { DATABASE_URL: database.url, ...(database.embedded && { EVENTS_WRITERS: '1' }) },
      ...shared,
    },
    {
      name: 'users',
      env: { DATABASE_URL: database.url, EVENTS_ADDRESS: addressToCall(config.events) },
      ...shared,
    },
  ] as const;
  for (const kind of kinds) {
    migrating = runMigrations(kind);
    await migrating;
    if (ending) return;
  }
  for (const kind of kinds) {
    const service = new ServiceProcess(kind);
    services.push(service);
    await service.start();
    if (ending) return;
  }
  process.stdout.write(welcome(config, database));
}

function giveUp(why: string): void {
  process.stderr.write(`${why}\n`);
  void end(1);
}

/** npm passes a Ctrl-C on to us that the terminal has sent as well; only a later one is the wish for a hard end. */
function onSignal(): void {
  if (ending && Date.now() - endingSince > 1_000) process.exit(1);
  void end(0);
}

/** Stops the services at once and then the database that they use. */
function end(code: number): Promise<void> {
  endingSince ||= Date.now();
  ending ??= (async () => {
    // A migration is short, and half of one is of no use.
    await migrating?.catch(() => undefined);
    await Promise.all(services.map((service) => service.stop()));
    await database?.stop();
    process.exit(code);
  })();
  return ending;
}
