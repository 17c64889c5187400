// Makes the load in a process of its own, so that it shares nothing with whom it loads.
import { takeOrders, type Outcome } from '@tidemark/testing/bench';
import { Copies } from './copy.ts';
import type { Order } from './orders.ts';
import { streamEvents } from './stream.ts';
import { callOneByOne } from './unary.ts';

const copies = new Copies();

takeOrders(obey);

async function obey(order: Order): Promise<Outcome> {
  switch (order.kind) {
    case 'stream':
      return streamEvents(order);
    case 'unary':
      return callOneByOne(order);
    case 'keep-rows':
      return copies.keepRows(order.databaseUrl);
    case 'copy':
      return copies.copy(order.databaseUrl);
  }
}
