import type { EventsServiceService } from '@tidemark/contracts/events';
import { timestampOf, type RpcClient } from '@tidemark/grpc-kit';
import type { Batch } from './batch.ts';

export type EventsClient = RpcClient<typeof EventsServiceService>;

/** What the clock of the batch's client shows, so that a resend carries another time than the first. */
export function sentAt({ skewMs }: Batch): ReturnType<typeof timestampOf> | undefined {
  return skewMs === undefined ? undefined : timestampOf((Date.now() + skewMs) * 1_000);
}

/** A channel that tries again soon: instances come back within a second. */
export const channelOptions = { 'grpc.initial_reconnect_backoff_ms': 100, 'grpc.max_reconnect_backoff_ms': 500 };
