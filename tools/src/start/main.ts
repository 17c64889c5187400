import { generateContracts } from '../generate-contracts.ts';
import { CannotStart, readConfig, type StartConfig } from './config.ts';
import { openDatabase } from './database.ts';
import { checkPort } from './port-check.ts';
import { runMigrations, ServiceProcess } from './service-process.ts';
import { welcome } from './welcome.ts';

const stack: Array<{ stop(): Promise<void> }> = [];
let ending: Promise<void> | undefined;
let endingSince = 0;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => onSignal());
try {
  await start(readConfig());
} catch (error) {
  if (!(error instanceof CannotStart)) throw error;
  if (error.message) process.stderr.write(`${error.message}\n`);
  await end(1);
}

async function start(config: StartConfig): Promise<void> {
  await checkPort('EVENTS_PORT', config.eventsPort);
  await checkPort('USERS_PORT', config.usersPort);
  generateContracts();
  const database = await openDatabase(config, giveUp);
  stack.push(database);
  const services = [
    { name: 'events', env: { DATABASE_URL: database.url, EVENTS_PORT: String(config.eventsPort) } },
    { name: 'users', env: { DATABASE_URL: database.url, USERS_PORT: String(config.usersPort) } },
  ] as const;
  for (const service of services) {
    await runMigrations(service);
    if (ending) return;
  }
  for (const service of services) {
    const running = new ServiceProcess({ ...service, onGaveUp: giveUp });
    stack.push(running);
    await running.start();
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

/** Stops what was started, the last first. */
function end(code: number): Promise<void> {
  endingSince ||= Date.now();
  ending ??= (async () => {
    for (const running of stack.reverse()) await running.stop();
    process.exit(code);
  })();
  return ending;
}
