import type { Event } from '@tidemark/contracts/events';
import type { Batch } from './batch.ts';

export interface Answer {
  stored: number;
  duplicates: number;
  rejections: readonly unknown[];
}

/** What is wrong, with the ids that show it. */
export interface Deviation {
  what: string;
  ids: readonly string[];
}

/** What was sent and what was acknowledged. */
export class Ledger {
  readonly batches: Batch[] = [];
  readonly deviations: Deviation[] = [];
  /** How many events the replies say they stored: at most as many as are stored, since replies are lost. */
  storedByReplies = 0;
  replies = 0;
  failures = 0;
  doubles = 0;

  sending(batch: Batch): void {
    this.batches.push(batch);
  }

  /**
   * A reply came: all events of the batch are stored now.
   * @param before how many replies there were when this request was sent
   */
  acknowledge(batch: Batch, before: number, answer: Answer): void {
    const { stored, duplicates, rejections } = answer;
    batch.acknowledged += 1;
    this.replies += 1;
    this.storedByReplies += stored;
    if (rejections.length > 0) this.#deviates(`${rejections.length} events were rejected`, batch.events);
    else if (stored + duplicates !== batch.events.length) {
      this.#deviates(
        `a reply counts ${stored} stored and ${duplicates} duplicates, of ${batch.events.length}`,
        batch.events,
      );
    }
    if (before > 0 && stored > 0) {
      this.#deviates(`${stored} events of an acknowledged batch were stored again`, batch.events);
    }
  }

  #deviates(what: string, events: readonly Event[]): void {
    this.deviations.push({ what, ids: events.map(({ id }) => id) });
  }
}
