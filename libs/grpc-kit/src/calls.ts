import { once, type EventEmitter } from 'node:events';
import {
  status,
  type MethodDefinition,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { callerOf } from './caller.ts';
import { databaseUnavailable } from './database-faults.ts';
import { faultOf, MalformedRequest, ShuttingDown, type FaultRule } from './faults.ts';
import type { Logger } from './logger.ts';
import type { BidiHandler, CallContext, ServerStreamHandler, UnaryHandler } from './service.ts';
import { statusOf } from './status.ts';

/**
 * Turns handlers into what grpc-js calls. grpc-js calls a handler inside a synchronous try, so that the rejection of an
 * async one would go unhandled: everything a handler throws ends here.
 */
export class Calls {
  readonly #rules: readonly FaultRule[];
  readonly #log: Logger;
  readonly #draining: AbortSignal;
  readonly #aborts = new Map<Promise<void>, AbortController>();

  constructor(options: { rules: readonly FaultRule[]; log: Logger; draining: AbortSignal }) {
    this.#rules = options.rules;
    this.#log = options.log;
    this.#draining = options.draining;
  }

  /** Waits until no call is under way. */
  async settled(): Promise<void> {
    while (this.#aborts.size > 0) await Promise.allSettled(this.#aborts.keys());
  }

  /** Tells every call under way that nobody waits for it any more. */
  abort(): void {
    for (const controller of this.#aborts.values()) controller.abort(new ShuttingDown());
  }

  unary(method: MethodDefinition<unknown, unknown>, handler: UnaryHandler<unknown, unknown>) {
    return (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
      this.#track(call, method, async (context) => {
        try {
          const answer = handler(wellFormed(call.request), context);
          callback(null, await Promise.race([answer, shutDown(context.signal)]));
        } catch (error) {
          callback(this.#statusOf(error, method, context));
        }
      });
    };
  }

  serverStream(method: MethodDefinition<unknown, unknown>, handler: ServerStreamHandler<unknown, unknown>) {
    return (call: ServerWritableStream<unknown, unknown>): void => {
      this.#track(call, method, async (tracked) => {
        const context = { ...tracked, signal: AbortSignal.any([tracked.signal, this.#draining]) };
        try {
          for await (const response of handler(wellFormed(call.request), context)) {
            await write(call, response, context.signal);
          }
          call.end();
        } catch (error) {
          if (!tracked.signal.aborted) call.emit('error', this.#statusOf(error, method, context));
        }
      });
    };
  }

  bidi(method: MethodDefinition<unknown, unknown>, handler: BidiHandler<unknown, unknown>) {
    return (call: ServerDuplexStream<unknown, unknown>): void => {
      this.#track(call, method, async (context) => {
        const requests = new Requests(call, context.signal, this.#draining);
        try {
          for await (const reply of handler(requests, context)) await write(call, reply, context.signal);
          if (requests.cutShort) throw new ShuttingDown();
          call.end();
        } catch (error) {
          // After a cancel the stream is gone, and nobody is there to be told.
          if (!context.signal.aborted) call.emit('error', this.#statusOf(error, method, context));
        } finally {
          requests.close();
        }
      });
    };
  }

  #track(
    call: EventEmitter & Parameters<typeof callerOf>[0],
    method: MethodDefinition<unknown, unknown>,
    run: (context: CallContext) => Promise<void>,
  ): void {
    const controller = new AbortController();
    // grpc-js also emits this after a normal end, when there is nothing to abort.
    call.on('cancelled', () => {
      if (this.#aborts.has(tracked)) {
        controller.abort(new DOMException('The call was cancelled or timed out.', 'AbortError'));
      }
    });
    const done = run({ signal: controller.signal, caller: callerOf(call), log: this.#log }).catch((error: unknown) =>
      this.#log.error({ err: error, method: method.path }, 'call broke'),
    );
    const tracked = done.finally(() => this.#aborts.delete(tracked));
    this.#aborts.set(tracked, controller);
  }

  #statusOf(error: unknown, method: MethodDefinition<unknown, unknown>, { signal }: CallContext) {
    // What a library made of the abort says less than why it was aborted.
    const fault = faultOf(signal.reason instanceof ShuttingDown ? signal.reason : error, this.#rules);
    // The client already has its CANCELLED or DEADLINE_EXCEEDED, whatever the handler made of the abort.
    const level = signal.aborted ? 'debug' : fault.code === status.INTERNAL ? 'error' : 'info';
    const isUnforeseen = fault.code === status.INTERNAL || fault.reason === databaseUnavailable.reason;
    const cause = isUnforeseen ? { err: error } : {};
    this.#log[level]({ method: method.path, code: status[fault.code], reason: fault.reason, ...cause }, 'call failed');
    return statusOf(fault);
  }
}

/** A decoder that never throws: grpc-js would answer INTERNAL with the decoder's own words. */
export function lenient(decode: (bytes: Buffer) => unknown): (bytes: Buffer) => unknown {
  return (bytes) => {
    try {
      return decode(bytes);
    } catch (cause) {
      return new MalformedRequest('cannot be decoded', { cause });
    }
  };
}

function wellFormed(request: unknown): unknown {
  if (request instanceof MalformedRequest) throw request;
  return request;
}

/** Rejects when the server can wait no longer for a handler; one that does not listen would keep its caller waiting. */
function shutDown(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      if (signal.reason instanceof ShuttingDown) reject(signal.reason);
    });
  });
}

/** The requests of a stream until the client ends it, it breaks, or the server drains. */
class Requests implements AsyncIterable<unknown> {
  cutShort = false;
  readonly #call: ServerDuplexStream<unknown, unknown>;
  readonly #signal: AbortSignal;
  readonly #draining: AbortSignal;
  readonly #closed = new AbortController();

  constructor(call: ServerDuplexStream<unknown, unknown>, signal: AbortSignal, draining: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
    this.#draining = draining;
  }

  /** The call is over: whoever left in the middle, or still waits for a request, need not be remembered. */
  close(): void {
    this.#closed.abort();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator {
    const source = this.#call.iterator({ destroyOnReturn: false });
    // Node keeps it, for its listener, as long as the server's signal can still abort it: `close` does so first.
    const stop = AbortSignal.any([this.#signal, this.#draining, this.#closed.signal]);
    // After a cancel, the stream is destroyed without an error, so that waiting for it alone could last for ever. One
    // listener serves all turns: a race against one long-lived promise would keep every turn in memory.
    let wake = (): void => undefined;
    stop.addEventListener('abort', () => wake(), { once: true });
    while (!stop.aborted) {
      const next = source.next();
      const result = await Promise.race([next, new Promise<undefined>((resolve) => (wake = () => resolve(undefined)))]);
      if (result === undefined) {
        next.catch(() => undefined);
        break;
      }
      if (result.done) return;
      yield wellFormed(result.value);
    }
    this.#signal.throwIfAborted();
    this.cutShort = true;
  }
}

/** Waits for the client to read, but not for one that is gone: the `drain` of a cancelled call never comes. */
async function write(
  call: ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>,
  reply: unknown,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  if (!call.write(reply)) await once(call, 'drain', { signal });
}
