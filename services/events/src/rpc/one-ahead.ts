/** The same items, each asked for while the one before it is used. */
export async function* oneAhead<Item>(source: AsyncIterator<Item>): AsyncGenerator<Item> {
  const ask = (): Promise<IteratorResult<Item>> => {
    const asked = source.next();
    // It may fail before anybody waits for it, or where nobody does any more.
    asked.catch(() => undefined);
    return asked;
  };
  let asked = ask();
  for (;;) {
    const result = await asked;
    if (result.done) return;
    asked = ask();
    yield result.value;
  }
}
