import type { Outcome, Reply } from './load.ts';

/** What the program of a LoadClient does: it obeys until whoever started it is gone. */
export function takeOrders(obey: (order: never) => Promise<Outcome>): void {
  // They are what the LoadClient of the same bench is asked, whose type says so.
  process.on('message', (order: unknown) => {
    void obey(order as never).then(
      (outcome) => answer({ outcome }),
      (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit());
}

function answer(reply: Reply): void {
  process.send?.(reply);
}
