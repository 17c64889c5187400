export interface Replying<Request, Parsed, Reply> {
  /** Resolves when the next request may be read. */
  readonly ready: () => Promise<void>;
  /** What it throws ends the stream, after the replies to the requests before it; nothing after it is read. */
  readonly parse: (request: Request) => Parsed;
  readonly reply: (parsed: Parsed) => Promise<Reply>;
}

/**
 * Replies to several requests of a stream at once, and gives the replies in the order of the requests.
 * @param mostAtOnce how many requests are under way before the first of them has its reply
 */
export async function* repliesInOrder<Request, Parsed, Reply>(
  requests: AsyncIterable<Request>,
  mostAtOnce: number,
  { ready, parse, reply }: Replying<Request, Parsed, Reply>,
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
    const result = await firstOf(reading, replies[0]);
    if (result === 'replied') {
      yield await (replies.shift() as Promise<Reply>);
      continue;
    }
    reading = undefined;
    try {
      if (result.done) ended = true;
      else replies.push(awaitedLater(reply(parse(result.value))));
    } catch (error) {
      refused = { error };
      ended = true;
    }
  }
  if (refused) throw refused.error;
}

/** Whether a reply is ready, or else the request that was read. */
function firstOf<Result>(
  reading: Promise<Result> | undefined,
  reply: Promise<unknown> | undefined,
): Promise<Result | 'replied'> {
  const replied = reply?.then(
    () => 'replied' as const,
    () => 'replied' as const,
  );
  return Promise.race([reading, replied].filter((promise) => promise !== undefined));
}

/** It may be rejected before anybody waits for it, or where nobody does any more. */
function awaitedLater<Result>(promise: Promise<Result>): Promise<Result> {
  promise.catch(() => undefined);
  return promise;
}
