/** Repeatable dice (mulberry32). */
export interface Dice {
  fraction(): number;
  below(limit: number): number;
  pick<T>(from: readonly T[]): T;
}

export function random(seed: number): Dice {
  let state = seed;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const below = (limit: number): number => Math.floor(fraction() * limit);
  return { fraction, below, pick: (from) => from[below(from.length)] as never };
}
