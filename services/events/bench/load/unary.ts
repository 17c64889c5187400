import { EventsServiceService, type Event } from '@tidemark/contracts/events';
import { rpcClient } from '@tidemark/grpc-kit';
import { type Outcome, timed } from '@tidemark/testing/bench';
import { madeEvents } from '../../rig/made-events.ts';
import type { Order } from './orders.ts';

/** One event a call, with so many calls in flight on one channel. */
export async function callOneByOne({ address, events, inFlight }: Order & { kind: 'unary' }): Promise<Outcome> {
  const client = rpcClient(EventsServiceService, address);
  const made = [...madeEvents(events)].values();
  const caller = async (): Promise<void> => {
    for (const event of made) await callWith(event);
  };
  const callWith = async (event: Event): Promise<void> => {
    const { stored } = await client.ingestEvents({ events: [event], sentAt: undefined });
    if (stored !== 1) throw new Error('An event was not stored, though it was new and good.');
  };
  const outcome = await timed(events.count, () => Promise.all(Array.from({ length: inFlight }, caller)));
  client.close();
  return outcome;
}
