import type { FailedMessage, Settlement } from '../db/settle-messages.ts';
import { backOffMs } from '../domain/back-off.ts';
import {
  DeliveryRejected,
  ReceiverAway,
  type DeliveryFailed,
  type Failures,
  type OutboxMessage,
} from '../domain/outbox.ts';

/** What a round did. */
export interface Outcome {
  readonly settlement: Settlement;
  /** Where nobody was there: why. */
  readonly away: ReceiverAway | undefined;
  /** What went wrong otherwise. */
  readonly failures: readonly DeliveryFailed[];
  /** When the first of those that failed is due again. */
  readonly retryInMs: number;
}

const betweenAttempts = { shortestMs: 1_000, longestMs: 300_000 };

/** Of each lane, what is before its first failure is delivered, and what is behind it stays. */
export function outcomeOf(messages: readonly OutboxMessage[], failures: Failures, attempts: number): Outcome {
  const delivered: bigint[] = [];
  const failed: FailedMessage[] = [];
  const dead: { id: bigint; error: string }[] = [];
  const stopped = new Set<string>();
  let away: ReceiverAway | undefined;
  for (const message of messages) {
    if (stopped.has(message.lane)) continue;
    const failure = failures.get(message);
    if (!failure) {
      delivered.push(message.id);
      continue;
    }
    stopped.add(message.lane);
    const { id } = message;
    const tries = message.attempts + 1;
    if (failure instanceof ReceiverAway) away = failure;
    else if (failure instanceof DeliveryRejected || tries >= attempts) dead.push({ id, error: failure.message });
    else failed.push({ id, error: failure.message, retryInMs: retryInMs(failure, tries) });
  }
  return {
    settlement: { delivered, failed, dead },
    away,
    failures: [...new Set(failures.values())].filter((failure) => !(failure instanceof ReceiverAway)),
    retryInMs: Math.min(...failed.map((each) => each.retryInMs)),
  };
}

function retryInMs({ retryAfterMs }: DeliveryFailed, tries: number): number {
  return Math.max(retryAfterMs, backOffMs(tries, betweenAttempts));
}
