/** @typeParam B what it works with */
export interface Measure<B> {
  /** Its key in the JSON. */
  readonly name: string;
  /** What is compared, for the table. */
  readonly title: string;
  readonly goal?: Goal;
  run(bench: B): Promise<Result>;
}

export type Goal = { atLeast: number } | { atMost: number };

export interface Measured {
  /** What the goal is about, or the figure that says most. */
  value: number;
  /** What it was made from, in the words of the table. */
  figures: Readonly<Record<string, string>>;
}

/** Why it could not be measured here. */
export interface Skipped {
  skipped: string;
}

export type Result = Measured | Skipped;
