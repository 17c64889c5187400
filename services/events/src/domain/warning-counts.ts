import type { IngestWarning } from './ingest-warning.ts';
import { minute, type Micros } from './micros.ts';

/** Warnings of one caller and one minute, counted. */
export interface WarningCount extends IngestWarning {
  readonly minute: Micros;
  readonly caller: string;
  readonly lastTime: Micros;
}

// Callers name themselves: they must not fill the memory.
const mostKeys = 2_000;
export const others = 'others';

/** Counts the warnings of an instance until they are taken to be stored. */
export class WarningCounts {
  #counts = new Map<string, WarningCount>();

  add(caller: string, warnings: readonly IngestWarning[], now: Micros): void {
    for (const warning of warnings) {
      this.#add({ ...warning, caller, minute: Math.floor(now / minute) * minute, lastTime: now });
    }
  }

  /** Everything that was counted; from here on it starts at nothing. */
  take(): WarningCount[] {
    const taken = [...this.#counts.values()];
    this.#counts = new Map();
    return taken;
  }

  /** Takes back what could not be stored. */
  giveBack(counts: readonly WarningCount[]): void {
    for (const count of counts) this.#add(count);
  }

  #add(count: WarningCount): void {
    const key = keyOf(count);
    const known = this.#counts.get(key);
    if (known) {
      const last = count.lastTime >= known.lastTime ? count : known;
      this.#counts.set(key, { ...last, count: known.count + count.count });
    } else if (this.#counts.size < mostKeys || count.caller === others) {
      this.#counts.set(key, count);
    } else {
      this.#add({ ...count, caller: others });
    }
  }
}

function keyOf({ minute: at, caller, kind, reason }: WarningCount): string {
  return `${at} ${kind} ${reason ?? ''} ${caller}`;
}
