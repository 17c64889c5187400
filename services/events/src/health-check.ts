import { runHealthCheck } from '@tidemark/grpc-kit';
import { readPort } from './config.ts';

await runHealthCheck(readPort());
