export interface Comparison {
  /** The least p of all pairs: how often chance alone makes one of them differ so much, corrected for their number. */
  readonly least: number;
  /** How many calls were compared. */
  readonly calls: number;
  /** To print: what was seen of each. */
  readonly table: string;
}

/**
 * Calls each so many times, all of them in a random order, so that whatever else goes on on the machine meets them alike,
 * and so does what a call leaves to be done, such as a mail: in rounds in which each comes once, it would meet the others
 * more often than calls of its own kind. Compares each pair with the test of Mann and Whitney, which asks of ranks only: a
 * few calls that took very long do not matter.
 */
export async function compareTimes(
  kinds: Readonly<Record<string, (number: number) => Promise<unknown>>>,
  { each, random }: { each: number; random: () => number },
): Promise<Comparison> {
  const names = Object.keys(kinds);
  const times = new Map<string, number[]>(names.map((name) => [name, []]));
  const warmUp = 30;
  const calls = (from: number, count: number) =>
    names.flatMap((name) => Array.from({ length: count }, (_, call) => ({ name, number: from + call })));
  for (const { name, number } of [...shuffled(calls(0, warmUp), random), ...shuffled(calls(warmUp, each), random)]) {
    const began = performance.now();
    await kinds[name]?.(number);
    if (number >= warmUp) times.get(name)?.push(performance.now() - began);
  }
  const pairs = names.flatMap((a, i) =>
    names.slice(i + 1).map((b) => pOfMannWhitney(times.get(a) ?? [], times.get(b) ?? [])),
  );
  const table = names.map((name) => `${name}: median ${median(times.get(name) ?? []).toFixed(3)} ms`).join('\n');
  const least = Math.min(1, Math.min(...pairs) * pairs.length);
  return { least, calls: names.length * each, table: `${table}\nleast p: ${least.toPrecision(2)}` };
}

/** Two-sided, by the normal distribution that it approaches: good from some 20 of each on. */
export function pOfMannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((time) => ({ time, ofA: true })), ...b.map((time) => ({ time, ofA: false }))];
  all.sort((x, y) => x.time - y.time);
  const ranks = all.reduce((sum, { ofA }, index) => sum + (ofA ? index + 1 : 0), 0);
  const u = ranks - (a.length * (a.length + 1)) / 2;
  const mean = (a.length * b.length) / 2;
  const deviation = Math.sqrt((a.length * b.length * (a.length + b.length + 1)) / 12);
  return 2 * tailOfNormal(Math.abs(u - mean) / deviation);
}

/** Beyond z, to within 10^-7 (Abramowitz and Stegun, 26.2.17). */
function tailOfNormal(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return density * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
}

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    // mulberry32
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? NaN;
}
