import { createLogger, runMain } from '@tidemark/grpc-kit';
import { readMigrationConfig } from './config.ts';
import { migrate } from './db/migrate.ts';

await runMain(async () => {
  const { databaseUrl, logLevel } = readMigrationConfig();
  const log = createLogger({ name: 'users', level: logLevel });
  const applied = await migrate(databaseUrl);
  log.info({ applied }, 'the users schema is up to date');
  return { log };
});
