import { status } from '@grpc/grpc-js';
import { RpcError } from '@tidemark/grpc-kit';
import { DeliveryFailed, DeliveryRejected, ReceiverAway, type Deliver, type OutboxMessage } from '../domain/outbox.ts';
import { awayCodes, type ErasuresClient } from './events-client.ts';

// All that is kept of events is looked through, chunk by chunk; one that is cut off goes on where it was.
const timeoutMs = 600_000;

/** Tells the events service to replace the ids of erased users, one after another: each looks through everything. */
export function deliverErasures(client: ErasuresClient): Deliver {
  return async (messages, signal) => {
    const failures = new Map<OutboxMessage, DeliveryFailed>();
    for (const message of messages) {
      const { userId, replacement } = message.payload;
      try {
        const ids = { userId: String(userId), replacement: String(replacement) };
        await client.replaceUser(ids, { timeoutMs, signal });
      } catch (error) {
        failures.set(message, failureOf(error));
      }
    }
    return failures;
  };
}

function failureOf(error: unknown): DeliveryFailed {
  if (!(error instanceof RpcError)) throw error;
  const text = `the events service answered ${status[error.code]} ${error.reason}`.trim();
  if (awayCodes.has(error.code)) return new ReceiverAway(text, { cause: error });
  if (error.code === status.INVALID_ARGUMENT) return new DeliveryRejected(text, { cause: error });
  return new DeliveryFailed(text, { cause: error });
}
