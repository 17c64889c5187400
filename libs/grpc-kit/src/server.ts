import {
  Server,
  ServerCredentials,
  setLogger,
  type MethodDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { Calls, lenient } from './calls.ts';
import { kitFaults, ShuttingDown, type FaultRule } from './faults.ts';
import { Health } from './health.ts';
import type { Logger } from './logger.ts';
import { addReflection, nameOf } from './reflection.ts';
import type { BidiHandler, Handler, RpcService, ServerStreamHandler, UnaryHandler } from './service.ts';
import { StartupError } from './startup-error.ts';

export interface RpcServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  services: readonly RpcService[];
  /** The service's own table; the kit's rules follow it. */
  faults: readonly FaultRule[];
  log: Logger;
  /** Fails while the service cannot do its work, which health then shows. */
  check: () => Promise<unknown>;
  /** The largest request in bytes. */
  maxRequestBytes: number;
}

export interface RpcServer {
  readonly port: number;
  /**
   * Ends in order: health says NOT_SERVING, new calls are refused, streams read no further, those of a server end, other
   * calls under way finish. What is not done after `graceMs` is aborted and cut off. It may be called twice.
   */
  stop(graceMs: number): Promise<void>;
}

/** The port is in use. */
export class AddressTaken extends StartupError {
  constructor(host: string, port: number) {
    super(`Port ${port} on ${host} is in use by another program. Stop it or choose another port.`);
  }
}

const healthIntervalMs = 5_000;
// Past this, a client's streams wait for one another; grpc-js has no limit of its own.
const maxStreamsPerConnection = 1_000;
// A client that vanished without a word would keep its streams for ever.
const keepaliveMs = 60_000;
const abortedCallsGraceMs = 500;

export async function startServer(options: RpcServerOptions): Promise<RpcServer> {
  // grpc-js writes to standard error what its callers are told anyway.
  const quietly = (message?: unknown): void => options.log.debug({ grpc: message }, 'grpc-js');
  setLogger({ error: quietly, info: quietly, debug: quietly });
  const draining = new AbortController();
  const calls = new Calls({
    rules: [...options.faults, ...kitFaults],
    log: options.log,
    draining: draining.signal,
  });
  const server = new Server({
    'grpc.max_receive_message_length': options.maxRequestBytes,
    'grpc.max_concurrent_streams': maxStreamsPerConnection,
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveMs / 3,
  });
  for (const service of options.services) addService(server, service, calls);
  const health = new Health(server, options.services.map(nameOf));
  addReflection(server, options.services);
  const port = await bind(server, options.host, options.port);
  await health.watch(options.check, healthIntervalMs);

  let stopped: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    health.drain();
    draining.abort(new ShuttingDown());
    server.tryShutdown(() => undefined);
    const late = setTimeout(() => calls.abort(), graceMs);
    const tooLate = sleep(graceMs + abortedCallsGraceMs);
    await Promise.race([calls.settled(), tooLate.passed]);
    clearTimeout(late);
    tooLate.cancel();
    await flushed();
    // What is left are health and reflection streams, which never end by themselves.
    server.forceShutdown();
  };
  return { port, stop: (graceMs) => (stopped ??= stop(graceMs)) };
}

function addService(server: Server, { definition, handlers }: RpcService, calls: Calls): void {
  const lenientDefinition: Record<string, MethodDefinition<unknown, unknown>> = {};
  const implementation: UntypedServiceImplementation = {};
  for (const [name, method] of Object.entries(definition)) {
    lenientDefinition[name] = { ...method, requestDeserialize: lenient(method.requestDeserialize) };
    const handler = handlers[name];
    if (!handler) throw new Error(`${method.path} has no handler`);
    implementation[name] = implementationOf(method, handler, calls);
  }
  server.addService(lenientDefinition, implementation);
}

function implementationOf(
  method: MethodDefinition<unknown, unknown>,
  handler: Handler,
  calls: Calls,
): UntypedServiceImplementation[string] {
  if (method.requestStream) return calls.bidi(method, handler as BidiHandler<unknown, unknown>);
  if (method.responseStream) return calls.serverStream(method, handler as ServerStreamHandler<unknown, unknown>);
  return calls.unary(method, handler as UnaryHandler<unknown, unknown>);
}

async function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(
      `${host.includes(':') ? `[${host}]` : host}:${port}`,
      ServerCredentials.createInsecure(),
      (error, bound) => {
        if (!error) resolve(bound);
        else if (error.message.includes('EADDRINUSE')) reject(new AddressTaken(host, port));
        else
          reject(
            new StartupError(`Cannot listen on ${host}:${port}: choose an address of this machine.`, { cause: error }),
          );
      },
    );
  });
}

/** grpc-js hands the last replies to HTTP/2 in later turns of the event loop. */
async function flushed(): Promise<void> {
  await sleep(50).passed;
}

function sleep(ms: number): { passed: Promise<void>; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  return { passed, cancel: () => clearTimeout(timer) };
}
