import { once } from 'node:events';
import {
  EventsServiceService,
  StreamEventsRequest,
  type Event,
  type StreamEventsResponse,
} from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import { type Outcome, timed } from '@tidemark/testing/bench';
import { madeEvents } from '../../rig/made-events.ts';
import type { Order } from './orders.ts';

// The messages are encoded before the clock runs, as the rows of COPY are.
const { streamEvents: method } = EventsServiceService;
const encodedService = { streamEvents: { ...method, requestSerialize: ({ bytes }: Message): Buffer => bytes } };

interface Message {
  bytes: Buffer;
  count: number;
}

/** Sends events through a stream a channel, which take the next message as fast as they can. */
export async function streamEvents(order: Order & { kind: 'stream' }): Promise<Outcome> {
  const messages = [...encoded(order)].values();
  return timed(order.events.count, () =>
    Promise.all(Array.from({ length: order.channels }, () => streamOf(order.address, messages))),
  );
}

function* encoded({ events, batchSize }: Order & { kind: 'stream' }): Generator<Message> {
  let sequence = 0n;
  let batch: Event[] = [];
  const message = (): Message => {
    const request = { sequence: ++sequence, events: batch, sentAt: undefined };
    return { bytes: Buffer.from(StreamEventsRequest.encode(request).finish()), count: batch.length };
  };
  for (const event of madeEvents(events)) {
    if (batch.push(event) < batchSize) continue;
    yield message();
    batch = [];
  }
  if (batch.length > 0) yield message();
}

async function streamOf(address: string, messages: Iterable<Message>): Promise<void> {
  // Without a pool of its own, all clients of one address share one connection.
  const client = rpcClient(encodedService, address, { 'grpc.use_local_subchannel_pool': 1 });
  const call = client.streamEvents();
  let unanswered = 0;
  const ended = new Promise<void>((resolve, reject) => {
    call.on('data', ({ stored }: StreamEventsResponse) => (unanswered -= stored));
    call.on('error', reject).on('end', resolve);
  });
  for (const message of messages) {
    unanswered += message.count;
    if (!call.write(message)) await Promise.race([once(call, 'drain'), ended]);
  }
  call.end();
  await ended;
  client.close();
  if (unanswered !== 0) throw new Error(`${unanswered} events were not stored, though all were new and good.`);
}
