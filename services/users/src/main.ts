import { runMain } from '@tidemark/grpc-kit';
import { readConfig } from './config.ts';
import { create } from './service.ts';

await runMain(() => create(readConfig()));
