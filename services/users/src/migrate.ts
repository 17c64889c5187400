import { createLogger, runMain } from '@tidemark/grpc-kit';
import { readMigrationArguments } from '@tidemark/grpc-kit/postgres';
import { readMigrationConfig } from './config.ts';
import { dryRun, migrate } from './db/migrate.ts';

await runMain(async () => {
  const { dryRun: dry } = readMigrationArguments();
  const { databaseUrl, logLevel, ...settings } = readMigrationConfig();
  const log = createLogger({ name: 'users', level: logLevel, toStderr: dry });
  if (dry) process.stdout.write(await dryRun(databaseUrl, settings));
  else log.info({ applied: await migrate(databaseUrl, settings, log) }, 'the users schema is up to date');
  return { log };
});
