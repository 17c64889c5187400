// Makes the load in a process of its own, so that it shares nothing with whom it loads.
import { takeOrders, type Outcome } from '@tidemark/testing/bench';
import { callAll } from './calls.ts';
import { checkHashes } from './hashes.ts';
import type { Order } from './orders.ts';
import { sendAll } from './statements.ts';

takeOrders(obey);

function obey(order: Order): Promise<Outcome> {
  switch (order.kind) {
    case 'calls':
      return callAll(order);
    case 'statements':
      return sendAll(order);
    case 'hashes':
      return checkHashes(order);
  }
}
