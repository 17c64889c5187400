export interface Replying<Request, Parsed, Reply> {
  /** Aborted when nobody waits for replies any more, which ends it at once. */
  readonly signal: AbortSignal;
  /** Resolves when the next request may be read. */
  readonly ready: () => Promise<void>;
  /** What it throws ends the stream, after the replies to the requests before it; nothing after it is read. */
  readonly parse: (request: Request) => Parsed;
  readonly reply: (parsed: Parsed) => Promise<Reply>;
}

/**
 * Replies to several requests of a stream at once, and gives the replies in the order of the requests. A request that
 * cannot be read ends the stream like one that cannot be parsed.
 * @param mostAtOnce how many requests are under way before the first of them has its reply
 */
export async function* repliesInOrder<Request, Parsed, Reply>(
  requests: AsyncIterable<Request>,
  mostAtOnce: number,
  { signal, ready, parse, reply }: Replying<Request, Parsed, Reply>,
): AsyncGenerator<Reply> {
  const source = requests[Symbol.asyncIterator]();
  const read = async (): Promise<IteratorResult<Request>> => {
    await ready();
    return source.next();
  };
  const replies: Promise<Reply>[] = [];
  let reading: Promise<IteratorResult<Request>> | undefined;
  let ended = false;
  let refused: { error: unknown } | undefined;
  while (!ended || replies.length > 0) {
    if (!ended && replies.length < mostAtOnce) reading ??= awaitedLater(read());
    if (!reading || (await firstOf(reading, replies[0])) === 'replied') {
      yield await (replies.shift() as Promise<Reply>);
      continue;
    }
    try {
      const result = await reading;
      if (result.done) ended = true;
      else replies.push(awaitedLater(reply(parse(result.value))));
    } catch (error) {
      signal.throwIfAborted();
      refused = { error };
      ended = true;
    }
    reading = undefined;
  }
  if (refused) throw refused.error;
}

/** Whether a request was read or could not be, or else a reply is ready or failed. */
function firstOf(reading: Promise<unknown>, reply: Promise<unknown> | undefined): Promise<'read' | 'replied'> {
  const settled = <Name>(promise: Promise<unknown>, name: Name): Promise<Name> =>
    promise.then(
      () => name,
      () => name,
    );
  const read = settled(reading, 'read' as const);
  return reply ? Promise.race([read, settled(reply, 'replied' as const)]) : read;
}

/** It may be rejected before anybody waits for it, or where nobody does any more. */
function awaitedLater<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
