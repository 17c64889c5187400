/** A sum of amounts, each of which fits into 64 bits, does not. */
export class SumOutOfRange extends Error {
  constructor() {
    super('A sum or a balance does not fit into 64 bits: ask for narrower buckets, or account by account.');
  }
}
