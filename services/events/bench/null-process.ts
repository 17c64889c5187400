// The server of the kit with one handler, which decodes its request, answers and does nothing else.
import { EventsServiceService } from '@tidemark/contracts/events';
import { createLogger, rpcService, runMain, startServer } from '@tidemark/grpc-kit';

const { ingestEvents } = EventsServiceService;

await runMain(async () => {
  const log = createLogger({ name: 'null', level: 'fatal' });
  const service = rpcService(
    { ingestEvents },
    { ingestEvents: ({ events }) => Promise.resolve({ stored: events.length, duplicates: 0, rejections: [] }) },
  );
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    services: [service],
    faults: [],
    log,
    check: () => Promise.resolve(),
    maxRequestBytes: 8 * 1_024 * 1_024,
  });
  return { log, port: server.port, stop: () => server.stop(0) };
});
