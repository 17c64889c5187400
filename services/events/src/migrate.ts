import { createLogger, onceReachable, runMain } from '@tidemark/grpc-kit';
import { readMigrationArguments } from '@tidemark/grpc-kit/postgres';
import { readMigrationConfig } from './config.ts';
import { dryRun } from './db/dry-run.ts';
import { migrate } from './db/migrate.ts';

await runMain(async () => {
  const { dryRun: dry } = readMigrationArguments();
  const { databaseUrl, databaseWaitMs: waitMs, logLevel, ...settings } = readMigrationConfig();
  const log = createLogger({ name: 'events', level: logLevel, toStderr: dry });
  if (dry) process.stdout.write(await dryRun(databaseUrl, settings, log));
  else await onceReachable(() => migrate(databaseUrl, settings, log), { waitMs, log });
  return { log };
});
