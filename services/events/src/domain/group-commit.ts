import type { NewEvent } from './event.ts';
import { Overloaded } from './overloaded.ts';
import { Room } from './room.ts';

export interface GroupCommitOptions {
  /** How many batches are written side by side at most. */
  writers: number;
  /** Stores several requests in one transaction, and answers how many events of each were new. */
  write: (requests: ReadonlyArray<readonly NewEvent[]>) => Promise<number[]>;
}

/** A request that waits to be written. */
interface Waiting {
  readonly events: readonly NewEvent[];
  readonly size: number;
  /** Where it takes up room. */
  readonly room: Room;
  readonly stored: (count: number) => void;
  readonly failed: (error: Error) => void;
}

// A transaction of this many events costs its commit once for all, and is over in a tenth of a second.
const mostEventsOfBatch = 6_000;
const mostSizeOfBatch = 16 * 1_048_576;
// A second writer pays where there is work for it; a few calls are better off in the batch that follows.
const worthAnotherWriter = 1_000;
const mostWaitMs = 3;
// In characters, which the events take up in memory while they wait.
const mostSizeOfCalls = 32 * 1_048_576;
// Enough for the next batch of each writer: more would only grow old, which costs the garbage collector.
const mostSizeOfStreams = 6 * 1_048_576;

/**
 * Puts the events of concurrent requests together, so that they share transactions: a batch leaves as soon as a writer is
 * free for it. A lone request waits for nothing, and what comes while a batch is written is the next one.
 *
 * Callers take turns, request by request, so that one with many requests holds nobody up. Calls and streams have room of
 * their own in the queue, so that neither keeps the other out: a call that finds none is refused, a stream waits.
 */
export class GroupCommit {
  readonly #write: GroupCommitOptions['write'];
  readonly #writers: number;
  /** By caller, in the order of their turns. */
  #lanes = new Map<unknown, Waiting[]>();
  #writing = 0;
  #events = 0;
  #starting: NodeJS.Immediate | undefined;
  #wait: NodeJS.Timeout | undefined;
  readonly #ofCalls = new Room(mostSizeOfCalls);
  readonly #ofStreams = new Room(mostSizeOfStreams);

  constructor({ writers, write }: GroupCommitOptions) {
    this.#writers = writers;
    this.#write = write;
  }

  /**
   * How many of the events were new; they are committed.
   * @param caller who takes turns with others: any value that is the same for the same caller
   * @param signal withdraws events that are not being written yet
   * @throws Overloaded where too many events wait already
   */
  async store(caller: unknown, events: readonly NewEvent[], signal: AbortSignal): Promise<number> {
    if (this.#ofCalls.isFull) throw new Overloaded();
    return this.#queue(caller, events, signal, this.#ofCalls);
  }

  /** The same for a stream, which reads a request only where there is `room`, and is never refused. */
  storeOfStream(caller: unknown, events: readonly NewEvent[], signal: AbortSignal): Promise<number> {
    return this.#queue(caller, events, signal, this.#ofStreams);
  }

  /** Waits until the queue takes more of streams. */
  room(signal: AbortSignal): Promise<void> {
    return this.#ofStreams.spare(signal);
  }

  #queue(caller: unknown, events: readonly NewEvent[], signal: AbortSignal, room: Room): Promise<number> {
    if (events.length === 0) return Promise.resolve(0);
    return new Promise<number>((resolve, reject) => {
      signal.throwIfAborted();
      const withdraw = (): void => {
        if (this.#withdraw(caller, waiting)) waiting.failed(signal.reason as Error);
      };
      const settled = (): void => signal.removeEventListener('abort', withdraw);
      const waiting: Waiting = {
        events,
        size: sizeOf(events),
        room,
        stored: (count) => {
          settled();
          resolve(count);
        },
        failed: (error) => {
          settled();
          reject(error);
        },
      };
      signal.addEventListener('abort', withdraw);
      this.#add(caller, waiting);
    });
  }

  #add(caller: unknown, waiting: Waiting): void {
    const lane = this.#lanes.get(caller);
    if (lane) lane.push(waiting);
    else this.#lanes.set(caller, [waiting]);
    this.#events += waiting.events.length;
    waiting.room.take(waiting.size);
    this.#schedule();
  }

  #withdraw(caller: unknown, waiting: Waiting): boolean {
    const lane = this.#lanes.get(caller);
    const place = lane?.indexOf(waiting) ?? -1;
    if (!lane || place < 0) return false;
    lane.splice(place, 1);
    if (lane.length === 0) this.#lanes.delete(caller);
    this.#goes(waiting);
    return true;
  }

  #goes({ events, size, room }: Waiting): void {
    this.#events -= events.length;
    room.free(size);
  }

  #schedule(): void {
    if (this.#events === 0 || this.#writing >= this.#writers) return;
    if (this.#writing === 0 || this.#events >= worthAnotherWriter) {
      // Not at once: calls that came in one turn of the event loop share the batch.
      this.#starting ??= setImmediate(() => this.#start());
    } else {
      this.#wait ??= setTimeout(() => this.#start(), mostWaitMs);
    }
  }

  #start(): void {
    clearImmediate(this.#starting);
    clearTimeout(this.#wait);
    this.#starting = this.#wait = undefined;
    const batch = this.#take();
    if (batch.length === 0) return;
    this.#writing += 1;
    void this.#writeBatch(batch).finally(() => {
      this.#writing -= 1;
      // Whoever waits is written next, however few they are.
      if (this.#events > 0) this.#start();
    });
    this.#schedule();
  }

  /**
   * One request of each caller in turn, all with corrected times or none, up to a batch. Whose request does not fit has
   * the next turns: where others came first again, it might never be written.
   */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    const passedOver = new Map<unknown, Waiting[]>();
    let events = 0;
    let size = 0;
    while (this.#lanes.size > 0) {
      const [caller, lane] = this.#lanes.entries().next().value as [unknown, Waiting[]];
      const [next] = lane as [Waiting];
      this.#lanes.delete(caller);
      const fits =
        batch.length === 0 ||
        (isCorrected(next) === isCorrected(batch[0] as Waiting) &&
          events + next.events.length <= mostEventsOfBatch &&
          size + next.size <= mostSizeOfBatch);
      if (!fits) {
        passedOver.set(caller, lane);
        continue;
      }
      lane.shift();
      if (lane.length > 0) this.#lanes.set(caller, lane);
      batch.push(next);
      events += next.events.length;
      size += next.size;
    }
    this.#lanes = passedOver;
    for (const waiting of batch) this.#goes(waiting);
    return batch;
  }

  async #writeBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const counts = await this.#write(batch.map(({ events }) => events));
      batch.forEach(({ stored }, place) => stored(counts[place] ?? 0));
    } catch (error) {
      for (const { failed } of batch) failed(error as Error);
    }
  }
}

function isCorrected({ events }: Waiting): boolean {
  return events[0]?.originalTime !== null;
}

function sizeOf(events: readonly NewEvent[]): number {
  let size = 0;
  for (const { page, userAgent, referrer, properties } of events) {
    size += usualSize + page.length + (userAgent?.length ?? 0) + (referrer?.length ?? 0) + (properties?.length ?? 0);
  }
  return size;
}

const usualSize = 400;
