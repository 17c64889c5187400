// What clients of gRPC take by default is 4 MiB.
const maxPageBytes = 3_000_000;

/**
 * The first items of a page that stay together under what clients take, at least one: a page may hold fewer than were
 * asked for (https://google.aip.dev/158).
 */
export function itemsThatFit<Item>(items: readonly Item[], bytesOf: (item: Item) => number): readonly Item[] {
  let bytes = 0;
  const first = items.findIndex((item) => (bytes += bytesOf(item)) > maxPageBytes);
  return first < 0 ? items : items.slice(0, Math.max(first, 1));
}
