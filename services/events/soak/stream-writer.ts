import { setTimeout } from 'node:timers/promises';
import type { StreamEventsResponse } from '@tidemark/contracts/events';
import type { Batch } from './batch.ts';
import { sentAt } from './clients.ts';
import type { WriterOptions } from './unary-writer.ts';

interface Sent {
  batch: Batch;
  before: number;
}

const window = 6;
const silenceLimitMs = 10_000;

/** Sends batches through a stream, several of them unanswered at a time; what has no reply goes into the next stream. */
export class StreamWriter {
  readonly #options: WriterOptions;
  #unanswered: Batch[] = [];
  #isEnding = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    while (!this.#options.givenUp.aborted && (!this.#isEnding || this.#unanswered.length > 0)) {
      await this.#oneStream();
      await setTimeout(50 + this.#options.dice.below(200));
    }
  }

  /** Makes no new batches any more; `run` ends when the last has its reply. */
  end(): void {
    this.#isEnding = true;
  }

  async #oneStream(): Promise<void> {
    const { dice, batches, ledger, clients, givenUp } = this.#options;
    const call = dice.pick(clients).streamEvents();
    const inFlight = new Map<bigint, Sent>();
    const state = { isOpen: true, lastHeard: Date.now() };
    const ended = new Promise<void>((resolve) => {
      call.on('data', (reply: StreamEventsResponse) => {
        state.lastHeard = Date.now();
        this.#answered(inFlight.get(reply.sequence), reply);
        inFlight.delete(reply.sequence);
      });
      call.on('error', () => {
        ledger.failures += 1;
        resolve();
      });
      call.on('end', resolve);
    }).then(() => (state.isOpen = false));
    let sequence = 0n;
    const send = (batch: Batch): void => {
      inFlight.set(++sequence, { batch, before: batch.acknowledged });
      call.write({ sequence, events: [...batch.events], sentAt: sentAt(batch) });
    };
    for (const batch of this.#unanswered) send(batch);
    while (state.isOpen && (!this.#isEnding || inFlight.size > 0)) {
      if (givenUp.aborted || Date.now() - state.lastHeard > silenceLimitMs) call.cancel();
      if (this.#isEnding || inFlight.size >= window) await Promise.race([ended, setTimeout(5)]);
      else {
        const batch = batches.next();
        ledger.sending(batch);
        this.#unanswered.push(batch);
        send(batch);
        await Promise.race([ended, setTimeout(dice.below(40))]);
      }
      if (inFlight.size === 0) state.lastHeard = Date.now();
    }
    call.end();
    await ended;
  }

  #answered(sent: Sent | undefined, reply: StreamEventsResponse): void {
    if (!sent) return;
    this.#options.ledger.acknowledge(sent.batch, sent.before, reply);
    this.#unanswered = this.#unanswered.filter((batch) => batch !== sent.batch);
  }
}
