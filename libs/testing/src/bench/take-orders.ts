import type { Outcome, Reply } from './load.ts';

/** What the program of a LoadClient does: it obeys until whoever started it is gone. */
export function takeOrders<Order>(obey: (order: Order) => Promise<Outcome>): void {
  process.on('message', (order: Order) => {
    void obey(order).then(
      (outcome) => answer({ outcome }),
      (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}

function answer(reply: Reply): void {
  process.send?.(reply);
}
