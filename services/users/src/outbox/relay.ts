import type { Logger } from '@tidemark/grpc-kit';
import type { Deliver, OutboxKind } from '../domain/outbox.ts';

/** Who delivers which kind. Messages of a kind without an entry stay in the outbox. */
export type Deliverers = Readonly<Partial<Record<OutboxKind, Deliver>>>;

export interface RelayOptions {
  readonly databaseUrl: string;
  readonly deliverers: Deliverers;
  /** After so many a message becomes a dead letter. */
  readonly attempts: number;
  readonly log: Logger;
}

/** Takes messages from the outbox to those they are for. */
export class Relay {
  readonly #options: RelayOptions;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  start(): void {
    const kinds = Object.keys(this.#options.deliverers);
    this.#options.log.debug({ kinds }, 'the relay starts');
  }

  /** It may be called twice. */
  stop(): Promise<void> {
    return Promise.resolve();
  }
}
