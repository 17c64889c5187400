import { status } from '@grpc/grpc-js';
import { HypertablesServiceService } from '@tidemark/contracts/events';
import { RpcError, rpcClient, type RpcClient } from '@tidemark/grpc-kit';
import { DeliveryFailed, DeliveryRejected, ReceiverAway, type Deliver, type OutboxMessage } from '../domain/outbox.ts';
import { awayCodes } from './events-client.ts';

export type ErasuresClient = RpcClient<typeof HypertablesServiceService>;

// All that is kept of events is looked through, chunk by chunk; one that is cut off goes on where it was.
const timeoutMs = 600_000;

/** The connection is made with the first call, and again soon when it is lost. */
export function erasuresClient(address: string): ErasuresClient {
  return rpcClient(HypertablesServiceService, address, {
    'grpc.initial_reconnect_backoff_ms': 200,
    'grpc.max_reconnect_backoff_ms': 5_000,
    // One that vanished without a word is noticed long before the call's deadline.
    'grpc.keepalive_time_ms': 20_000,
    'grpc.keepalive_timeout_ms': 5_000,
  });
}

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
