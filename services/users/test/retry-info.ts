import type { ServiceError } from '@grpc/grpc-js';
import { RetryInfo, Status } from '@tidemark/contracts/rpc';
import type { RpcError } from '@tidemark/grpc-kit';

/** After how long trying again can help, as an error says; undefined where it does not. */
export function retryAfterMs(error: RpcError): number | undefined {
  const [encoded] = (error.cause as ServiceError).metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(encoded)) return undefined;
  const info = Status.decode(encoded).details.find(({ typeUrl }) => typeUrl.endsWith('/google.rpc.RetryInfo'));
  const delay = info && RetryInfo.decode(info.value).retryDelay;
  return delay && Number(delay.seconds) * 1_000 + delay.nanos / 1_000_000;
}
