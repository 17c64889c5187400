export interface Outcome {
  /** How long it took. */
  ms: number;
  /** How long the load process computed. */
  cpuMs: number;
  /** How many events, calls or whatever else was asked for. */
  count: number;
}

export type Reply = { outcome: Outcome } | { failure: string };
