import { status } from '@grpc/grpc-js';
import { HypertablesServiceService, TransactionsServiceService } from '@tidemark/contracts/events';
import { rpcClient, type RpcClient } from '@tidemark/grpc-kit';

export type TransactionsClient = RpcClient<typeof TransactionsServiceService>;
export type ErasuresClient = RpcClient<typeof HypertablesServiceService>;

const options = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 5_000,
  // A service that vanished without a word is noticed before a call's deadline.
  'grpc.keepalive_time_ms': 20_000,
  'grpc.keepalive_timeout_ms': 5_000,
};

/** The events service. The connection is made with the first call, and again soon when it is lost. */
export function transactionsClient(address: string): TransactionsClient {
  return rpcClient(TransactionsServiceService, address, options);
}

/** The same for what replaces the ids of users, with a connection of its own. */
export function erasuresClient(address: string): ErasuresClient {
  return rpcClient(HypertablesServiceService, address, options);
}

/** Codes that say that nobody, or not the right one, took the call, and nothing of what it carried. */
export const awayCodes: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.RESOURCE_EXHAUSTED,
  status.CANCELLED,
  status.UNIMPLEMENTED,
  status.UNAUTHENTICATED,
  status.PERMISSION_DENIED,
]);
