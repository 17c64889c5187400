import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Logger } from './logger.ts';

/** What a handler is told beside its request. */
export interface CallContext {
  /** Aborted when nobody waits for the answer any more: the caller cancelled, its deadline passed, or the server ends. */
  readonly signal: AbortSignal;
  /** The name in the metadata `tidemark-caller`, else the caller's IP address. Nothing of it is proven. */
  readonly caller: string;
  readonly log: Logger;
}

export type UnaryHandler<Request, Response> = (request: Request, context: CallContext) => Promise<Response>;

/**
 * Answers one request with a stream. Its next message is asked for once the client takes more. When the server shuts
 * down, the signal is aborted at once and the kit ends the stream with UNAVAILABLE: such a stream may have no end of its
 * own, so its messages should say from where on to ask again.
 */
export type ServerStreamHandler<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncIterable<Response>;

/**
 * Replies to a stream of requests. `requests` ends when the client has sent all, and also when the server shuts down;
 * what was read by then is still answered, and the kit ends the stream with UNAVAILABLE.
 */
export type BidiHandler<Request, Response> = (
  requests: AsyncIterable<Request>,
  context: CallContext,
) => AsyncIterable<Response>;

type HandlerOf<Method> = Method extends {
  requestDeserialize: (bytes: Buffer) => infer Request;
  responseSerialize: (value: infer Response) => Buffer;
  requestStream: infer RequestStream;
  responseStream: infer ResponseStream;
}
  ? [RequestStream, ResponseStream] extends [false, false]
    ? UnaryHandler<Request, Response>
    : [RequestStream, ResponseStream] extends [false, true]
      ? ServerStreamHandler<Request, Response>
      : [RequestStream, ResponseStream] extends [true, true]
        ? BidiHandler<Request, Response>
        : never
  : never;

/** A handler for every method of a generated service. */
export type HandlersOf<Definition> = { readonly [Method in keyof Definition]: HandlerOf<Definition[Method]> };

export type Handler =
  UnaryHandler<unknown, unknown> | ServerStreamHandler<unknown, unknown> | BidiHandler<unknown, unknown>;

/** A generated service together with what answers its methods. */
export interface RpcService {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, Handler>>;
}

export function rpcService<Definition extends ServiceDefinition>(
  definition: Definition,
  handlers: HandlersOf<Definition>,
): RpcService {
  return { definition, handlers };
}
