import type { status } from '@grpc/grpc-js';
import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  type MethodDefinition,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '@tidemark/contracts/rpc';
import type { FieldViolation } from './faults.ts';

export interface CallSettings {
  /** The deadline, in milliseconds from now. */
  timeoutMs?: number;
  signal?: AbortSignal;
}

type MethodOf<M> = M extends {
  requestSerialize: (value: infer Request) => Buffer;
  responseDeserialize: (bytes: Buffer) => infer Response;
  requestStream: infer RequestStream;
  responseStream: infer ResponseStream;
}
  ? RequestStream extends false
    ? ResponseStream extends false
      ? (request: Request, options?: CallSettings) => Promise<Response>
      : (request: Request, options?: CallSettings) => AsyncIterable<Response>
    : () => ClientDuplexStream<Request, Response>
  : never;

/**
 * The methods of a generated service as promises and streams. A server's stream is called for when its iteration begins,
 * and cancelled when that is left; how fast it is iterated is how fast the server sends.
 */
export type RpcClient<Definition> = { readonly [Method in keyof Definition]: MethodOf<Definition[Method]> } & {
  close(): void;
};

/** What a server answered instead of a response, with the details of its google.rpc.Status. */
export class RpcError extends Error {
  readonly code: status;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly FieldViolation[];
  /** After how long trying again helps, in milliseconds; undefined where the server did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(error: ServiceError) {
    super(error.details || error.message, { cause: error });
    const details = detailsOf(error);
    this.code = error.code;
    this.reason = details.info?.reason ?? '';
    this.metadata = details.info?.metadata ?? {};
    this.fields = (details.badRequest?.fieldViolations ?? []).map(({ field, description }) => ({ field, description }));
    this.retryAfterMs = details.retryAfterMs;
  }
}

// A page of the largest events is larger than the 4 MiB of grpc-js.
const maxResponseBytes = 64 * 1_024 * 1_024;

/** @param address "host:port"; the connection is made with the first call and is not encrypted */
export function rpcClient<Definition extends ServiceDefinition>(
  definition: Definition,
  address: string,
  options: ClientOptions = {},
): RpcClient<Definition> {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxResponseBytes,
    ...options,
  });
  const methods = Object.entries<MethodDefinition<unknown, unknown>>(definition as never).map(([name, method]) => [
    name,
    callerOf(client, method),
  ]);
  return { ...Object.fromEntries(methods), close: () => client.close() } as RpcClient<Definition>;
}

function callerOf(client: Client, method: MethodDefinition<unknown, unknown>) {
  if (method.requestStream) return () => duplex(client, method);
  return method.responseStream ? serverStream(client, method) : unary(client, method);
}

function unary(client: Client, method: MethodDefinition<unknown, unknown>) {
  return (request: unknown, { timeoutMs, signal }: CallSettings = {}): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const cancel = (): void => call.cancel();
      const call = client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        new Metadata(),
        deadlineAfter(timeoutMs),
        (error, response) => {
          signal?.removeEventListener('abort', cancel);
          if (error) reject(new RpcError(error));
          else resolve(response);
        },
      );
      if (signal?.aborted) cancel();
      signal?.addEventListener('abort', cancel, { once: true });
    });
}

function serverStream(client: Client, method: MethodDefinition<unknown, unknown>) {
  return async function* (request: unknown, { timeoutMs, signal }: CallSettings = {}): AsyncGenerator {
    const { path, requestSerialize, responseDeserialize } = method;
    const options = deadlineAfter(timeoutMs);
    const call: ClientReadableStream<unknown> = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      new Metadata(),
      options,
    );
    // A call that is cancelled also says so when nobody iterates it any more.
    call.on('error', () => undefined);
    const cancel = (): void => call.cancel();
    if (signal?.aborted) cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      yield* call;
    } catch (error) {
      throw new RpcError(error as ServiceError);
    } finally {
      signal?.removeEventListener('abort', cancel);
      cancel();
    }
  };
}

function deadlineAfter(timeoutMs: number | undefined): CallOptions {
  return timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
}

function duplex(client: Client, method: MethodDefinition<unknown, unknown>) {
  return client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
}

interface Details {
  info?: ErrorInfo;
  badRequest?: BadRequest;
  retryAfterMs?: number;
}

function detailsOf(error: ServiceError): Details {
  const [encoded] = error.metadata.get('grpc-status-details-bin');
  if (!Buffer.isBuffer(encoded)) return {};
  const details: Details = {};
  for (const { typeUrl, value } of Status.decode(encoded).details) {
    if (typeUrl.endsWith('/google.rpc.ErrorInfo')) details.info = ErrorInfo.decode(value);
    if (typeUrl.endsWith('/google.rpc.BadRequest')) details.badRequest = BadRequest.decode(value);
    if (typeUrl.endsWith('/google.rpc.RetryInfo')) {
      const { seconds = 0n, nanos = 0 } = RetryInfo.decode(value).retryDelay ?? {};
      details.retryAfterMs = Number(seconds) * 1_000 + nanos / 1_000_000;
    }
  }
  return details;
}
