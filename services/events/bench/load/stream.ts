import { once } from 'node:events';
import { EventsServiceService, type Event, type StreamEventsResponse } from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import { madeEvents } from '../../rig/made-events.ts';
import { timed } from './clock.ts';
import type { Order, Outcome } from './orders.ts';

/** Sends events through a stream a channel, which take the next batch as fast as they can. */
export async function streamEvents(order: Order & { kind: 'stream' }): Promise<Outcome> {
  const batches = batchesOf([...madeEvents(order.events)], order.batchSize);
  const next = (): Event[] | undefined => batches.shift();
  return timed(order.events.count, () =>
    Promise.all(Array.from({ length: order.channels }, () => streamOf(order.address, next))),
  );
}

function batchesOf(events: readonly Event[], size: number): Event[][] {
  return Array.from({ length: Math.ceil(events.length / size) }, (_, at) => events.slice(at * size, (at + 1) * size));
}

async function streamOf(address: string, next: () => Event[] | undefined): Promise<void> {
  // Without a pool of its own, all clients of one address share one connection.
  const client = rpcClient(EventsServiceService, address, { 'grpc.use_local_subchannel_pool': 1 });
  const call = client.streamEvents();
  let unanswered = 0;
  const ended = new Promise<void>((resolve, reject) => {
    call.on('data', ({ stored }: StreamEventsResponse) => (unanswered -= stored));
    call.on('error', reject).on('end', resolve);
  });
  let sequence = 0n;
  for (let events = next(); events; events = next()) {
    unanswered += events.length;
    if (!call.write({ sequence: ++sequence, events, sentAt: undefined }))
      await Promise.race([once(call, 'drain'), ended]);
  }
  call.end();
  await ended;
  client.close();
  if (unanswered !== 0) throw new Error(`${unanswered} events were not stored, though all were new and good.`);
}
