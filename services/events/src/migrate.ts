import { createLogger, runMain } from '@tidemark/grpc-kit';
import { readMigrationConfig } from './config.ts';
import { migrate } from './db/migrate.ts';

await runMain(async () => {
  const config = readMigrationConfig();
  const log = createLogger({ name: 'events', level: config.logLevel });
  await migrate(config.databaseUrl, config, log);
  return { log };
});
