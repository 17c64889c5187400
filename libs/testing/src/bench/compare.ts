export interface Sides {
  /** The medians. */
  ours: number;
  theirs: number;
  /** ours / theirs. */
  ratio: number;
}

/**
 * Measures both sides in turn for so many rounds, after some to warm up, and compares the medians. Who begins changes
 * with each round, so that what a round leaves behind meets both.
 */
export async function compare(
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
  warmUps = 1,
): Promise<Sides> {
  for (let round = 0; round < warmUps; round++) {
    await ours();
    await theirs();
  }
  const [mine, others]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const oursFirst = round % 2 === 0;
    if (oursFirst) mine.push(await ours());
    others.push(await theirs());
    if (!oursFirst) mine.push(await ours());
  }
  const [us, them] = [median(mine), median(others)];
  return { ours: us, theirs: them, ratio: us / them };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle)] ?? NaN)) / 2;
}
