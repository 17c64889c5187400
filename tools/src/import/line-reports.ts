import type { Place } from './tally.ts';

/** Says what is wrong with single lines: the first of each kind in full, the others only in the summary's count. */
export class LineReports {
  readonly #print: (line: string) => void;
  readonly #counts = new Map<string, number>();

  constructor(print: (line: string) => void) {
    this.#print = print;
  }

  /** @param kind such as "malformed" or the reason of a rejection */
  add(kind: string, { file, line }: Place, what: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= mostInFull) this.#print(`${file}:${line}: ${kind}: ${what}`);
    if (count === mostInFull + 1) this.#print(`Further lines that are ${kind} are only counted.`);
  }
}

const mostInFull = 20;
