import { timed, type Outcome } from '@tidemark/testing/bench';

/** Works on the numbers from `first` on, with so many under way at a time. */
export function inTurn(
  { first, count, inFlight }: { first: number; count: number; inFlight: number },
  work: (n: number) => Promise<unknown>,
): Promise<Outcome> {
  let next = first;
  const worker = async (): Promise<void> => {
    while (next < first + count) await work(next++);
  };
  return timed(count, () => Promise.all(Array.from({ length: inFlight }, worker)));
}
