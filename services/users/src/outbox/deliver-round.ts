import type { Queryable } from '../db/queryable.ts';
import { readLanes } from '../db/read-lanes.ts';
import { settleMessages } from '../db/settle-messages.ts';
import { releaseLanes, takeLanes } from '../db/take-lanes.ts';
import {
  DeliveryFailed,
  ReceiverAway,
  type Deliver,
  type Failures,
  type OutboxKind,
  type OutboxMessage,
} from '../domain/outbox.ts';
import { outcomeOf, type Outcome } from './outcome.ts';

export interface RoundOptions {
  readonly kind: OutboxKind;
  readonly deliver: Deliver;
  /** After so many a message becomes a dead letter. */
  readonly attempts: number;
  /** Aborted when nothing that is on its way is waited for any longer. */
  readonly signal: AbortSignal;
}

export interface Round extends Outcome {
  /** Where the next round looks on. */
  readonly next: string | undefined;
}

// Each takes up room in the server's table of locks, which all instances share.
const mostLanes = 100;
const mostMessages = 5_000;

/** Delivers the first messages of the lanes that are due, behind a lane. */
export async function deliverRound(client: Queryable, after: string, options: RoundOptions): Promise<Round> {
  const { kind, attempts } = options;
  const { taken, next } = await takeLanes(client, kind, after, mostLanes);
  if (taken.length === 0) return { ...outcomeOf([], new Map(), attempts), next };
  const messages = probing(await readLanes(client, kind, taken, Math.floor(mostMessages / taken.length)));
  const outcome = outcomeOf(messages, await failuresOf(messages, options), attempts);
  await settleMessages(client, outcome.settlement);
  await releaseLanes(client, kind, taken);
  return { ...outcome, next };
}

/** Of a lane whose first message failed before, that one alone. */
function probing(messages: readonly OutboxMessage[]): OutboxMessage[] {
  const failedBefore = new Set(messages.flatMap(({ lane, attempts }) => (attempts > 0 ? lane : [])));
  return messages.filter(({ lane, attempts }) => attempts > 0 || !failedBefore.has(lane));
}

async function failuresOf(messages: readonly OutboxMessage[], { deliver, signal }: RoundOptions): Promise<Failures> {
  if (messages.length === 0) return new Map();
  try {
    return await deliver(messages, signal);
  } catch (error) {
    const failure = signal.aborted ? new ReceiverAway('the relay stopped') : failureOf(error);
    return new Map(messages.map((message) => [message, failure]));
  }
}

/** An error that is not of the outbox may hold anything, and the text is shown. */
function failureOf(error: unknown): DeliveryFailed {
  if (error instanceof DeliveryFailed) return error;
  return new DeliveryFailed(`failed inside the service (${Error.isError(error) ? error.name : 'no error'})`, {
    cause: error,
  });
}
