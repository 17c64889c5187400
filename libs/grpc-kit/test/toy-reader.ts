// Tails the address given and reads it for as long as the process is let run.
import { EventsServiceService, TailEventsRequest } from '@tidemark/contracts/events';
import { rpcClient } from '../src/index.ts';

const { tailEvents } = rpcClient(EventsServiceService, process.argv[2] ?? '');
for await (const { cursor } of tailEvents(TailEventsRequest.fromPartial({}))) process.send?.(cursor.length);
