import { setTimeout } from 'node:timers/promises';
import type { Dice } from '@tidemark/testing';
import type { Batch, Batches } from './batch.ts';
import { sentAt, type EventsClient } from './clients.ts';
import type { Ledger } from './ledger.ts';

export interface WriterOptions {
  dice: Dice;
  batches: Batches;
  ledger: Ledger;
  /** The instances, all on one database. */
  clients: readonly EventsClient[];
  /** Aborted when no reply is waited for any longer. */
  givenUp: AbortSignal;
}

const timeoutMs = 10_000;

/** Sends batches in calls of their own, again until there is a reply, and some of them twice. */
export class UnaryWriter {
  readonly #options: WriterOptions;
  readonly #forLater: Batch[] = [];
  #isEnding = false;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { dice, batches, ledger } = this.#options;
    while (!this.#isEnding) {
      const batch = batches.next();
      ledger.sending(batch);
      if (dice.below(6) === 0) await this.#sendTwice(batch);
      else await this.#sendUntilAnswered(batch, dice.below(40) === 0);
      if (dice.below(5) === 0) this.#forLater.push(batch);
      if (this.#forLater.length > 0 && dice.below(12) === 0) await this.#sendOldOne();
      await setTimeout(dice.below(30));
    }
  }

  /** Makes no new batches any more; `run` ends when the last has its reply. */
  end(): void {
    this.#isEnding = true;
  }

  /** The batches that were kept to be sent once more at the very end. */
  async sendOldOnes(): Promise<void> {
    while (this.#forLater.length > 0) await this.#sendOldOne();
  }

  async #sendOldOne(): Promise<void> {
    const { dice, ledger } = this.#options;
    const [batch] = this.#forLater.splice(dice.below(this.#forLater.length), 1);
    if (!batch || batch.abandoned) return;
    ledger.doubles += 1;
    await this.#sendUntilAnswered(batch, false);
  }

  /** At the same time, through both instances. */
  async #sendTwice(batch: Batch): Promise<void> {
    this.#options.ledger.doubles += 1;
    await Promise.all(this.#options.clients.map((client) => this.#send(batch, client)));
    if (batch.acknowledged === 0) await this.#sendUntilAnswered(batch, false);
  }

  async #sendUntilAnswered(batch: Batch, abandons: boolean): Promise<void> {
    const { dice, clients, givenUp } = this.#options;
    while (!givenUp.aborted && !(await this.#send(batch, dice.pick(clients)))) {
      if (abandons) {
        batch.abandoned = batch.acknowledged === 0;
        return;
      }
      await setTimeout(50 + dice.below(200));
    }
  }

  async #send(batch: Batch, client: EventsClient): Promise<boolean> {
    const { ledger } = this.#options;
    const before = batch.acknowledged;
    try {
      const request = { events: [...batch.events], sentAt: sentAt(batch) };
      ledger.acknowledge(batch, before, await client.ingestEvents(request, { timeoutMs }));
      return true;
    } catch {
      ledger.failures += 1;
      return false;
    }
  }
}
