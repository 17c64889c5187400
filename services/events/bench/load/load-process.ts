// Makes the load in a process of its own, so that it shares nothing with whom it loads.
import { Copies } from './copy.ts';
import type { Order, Outcome, Reply } from './orders.ts';
import { streamEvents } from './stream.ts';
import { callOneByOne } from './unary.ts';

const copies = new Copies();

process.on('message', (order: Order) => {
  void obey(order).then(
    (outcome) => answer({ outcome }),
    (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on('disconnect', () => process.exit());

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

function answer(reply: Reply): void {
  process.send?.(reply);
}
