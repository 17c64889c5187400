// Opens a stream at the address given and reads it for as long as the process is let run.
import { EventsServiceService, StreamEventsRequest } from '@tidemark/contracts/events';
import { rpcClient } from '../src/index.ts';

const stream = rpcClient(EventsServiceService, process.argv[2] ?? '').streamEvents();
stream.on('data', () => process.send?.('data'));
stream.write(StreamEventsRequest.fromPartial({}));
