import { createLogger, runMain } from '@tidemark/grpc-kit';
import { readConfig } from './config.ts';
import { keepHeapSmall } from './heap.ts';
import { create } from './service.ts';

keepHeapSmall();
await runMain(async () => {
  const config = readConfig();
  const log = createLogger({ name: 'events', level: config.logLevel });
  return { log, ...(await create(config, { log })) };
});
