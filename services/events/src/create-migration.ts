import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createLogger, runMain, StartupError } from '@tidemark/grpc-kit';
import { createMigration } from './db/create-migration.ts';
import { entities } from './db/entities.ts';

await runMain(async () => {
  const log = createLogger({ name: 'events' });
  const { name } = parseArgs({ options: { name: { type: 'string' } }, strict: false }).values;
  if (typeof name !== 'string' || !/^[a-z]+(-[a-z0-9]+)*$/.test(name)) {
    throw new StartupError('Name the migration by what it does, such as --name=add-country.');
  }
  const folder = fileURLToPath(new URL('db/migrations', import.meta.url));
  const file = await createMigration(name, folder, entities());
  log.info(
    file ? `wrote ${file}: add it to src/db/migrations/index.ts` : 'the model has not changed: nothing to migrate',
  );
  return { log };
});
