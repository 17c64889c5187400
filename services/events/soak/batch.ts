import { Event } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import type { Dice } from '@tidemark/testing';

/** The events of one request, which is sent until it is answered. */
export interface Batch {
  readonly events: readonly Event[];
  /** How far the clock of its client is off; undefined: it does not tell when it sends. */
  readonly skewMs: number | undefined;
  /** How many replies there were. */
  acknowledged: number;
  /** Sent, not answered, and not sent again: its events are all stored or none of them. */
  abandoned: boolean;
}

const days = 20;
const dayMicros = 86_400_000_000;
const largest = 200;

/** Makes batches whose events have ids that tell them from all others of the run. */
export class Batches {
  readonly #dice: Dice;
  readonly #isSkewed: boolean;
  readonly #writer: string;
  readonly #newest = Date.now() * 1_000 - dayMicros / 24;
  #serial = 0;

  constructor(dice: Dice, options: { writer: number; isSkewed: boolean }) {
    this.#dice = dice;
    this.#isSkewed = options.isSkewed;
    this.#writer = options.writer.toString(16).padStart(3, '0');
  }

  next(): Batch {
    const count = this.#dice.below(4) === 0 ? 1 : 1 + this.#dice.below(largest);
    return {
      events: Array.from({ length: count }, () => this.#event()),
      skewMs: this.#isSkewed && this.#dice.below(4) === 0 ? this.#dice.pick([-3_600_000, 3_600_000]) : undefined,
      acknowledged: 0,
      abandoned: false,
    };
  }

  #event(): Event {
    const time = this.#newest - Math.floor(this.#dice.fraction() * days * dayMicros);
    // One in four has its time in its id alone, to the millisecond.
    const isInId = this.#dice.below(4) === 0;
    return Event.fromPartial({
      id: this.#id(time),
      ...(!isInId && { time: timestampOf(time) }),
      page: this.#dice.pick(['/', '/a', '/b\t\\N\n', '/ü']),
      sessionId: `session ${this.#dice.below(500)}`,
    });
  }

  #id(time: number): string {
    this.#serial += 1;
    const ms = Math.floor(time / 1_000)
      .toString(16)
      .padStart(12, '0');
    return `${ms.slice(0, 8)}-${ms.slice(8)}-7${this.#writer}-8000-${this.#serial.toString(16).padStart(12, '0')}`;
  }
}
