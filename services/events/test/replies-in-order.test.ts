import { repliesInOrder } from '../src/rpc/replies-in-order.ts';

/** What it gave before it ended, and why it ended. */
async function outcome(replies: AsyncIterable<string>): Promise<{ given: string[]; error: unknown }> {
  const given: string[] = [];
  try {
    for await (const reply of replies) given.push(reply);
    return { given, error: undefined };
  } catch (error) {
    return { given, error };
  }
}

const ready = (): Promise<void> => Promise.resolve();
const parse = (request: string): string => request;
const unreadable = new Error('the next one cannot be read');

test('requests that were read have their replies before a reading that fails is told', async () => {
  const { signal } = new AbortController();
  const requests = (async function* () {
    yield* await Promise.resolve(['a', 'b']);
    throw unreadable;
  })();
  const reply = (request: string): Promise<string> => new Promise((resolve) => setTimeout(resolve, 50, request));
  expect(await outcome(repliesInOrder(requests, 8, { signal, ready, parse, reply }))).toEqual({
    given: ['a', 'b'],
    error: unreadable,
  });
});

test('nothing is waited for where nobody is there any more', async () => {
  const leaving = new AbortController();
  const gone = new Error('the client is gone');
  const requests = (async function* () {
    yield await Promise.resolve('a');
    await new Promise((_, reject) => leaving.signal.addEventListener('abort', () => reject(gone)));
  })();
  setTimeout(() => leaving.abort(gone), 50);
  const reply = (): Promise<string> => new Promise(() => undefined);
  expect(await outcome(repliesInOrder(requests, 8, { signal: leaving.signal, ready, parse, reply }))).toEqual({
    given: [],
    error: gone,
  });
});
