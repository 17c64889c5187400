import { createLogger, onceReachable, runMain } from '@tidemark/grpc-kit';
import { readMigrationArguments } from '@tidemark/grpc-kit/postgres';
import { readMigrationConfig } from './config.ts';
import { dryRun, migrate } from './db/migrate.ts';

await runMain(async () => {
  const { dryRun: dry } = readMigrationArguments();
  const { databaseUrl, databaseWaitMs: waitMs, logLevel, ...settings } = readMigrationConfig();
  const log = createLogger({ name: 'users', level: logLevel, toStderr: dry });
  if (dry) process.stdout.write(await dryRun(databaseUrl, settings));
  else {
    const applied = await onceReachable(() => migrate(databaseUrl, settings, log), { waitMs, log });
    log.info({ applied }, 'the users schema is up to date');
  }
  return { log };
});
