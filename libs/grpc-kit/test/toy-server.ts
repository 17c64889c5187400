import { status } from '@grpc/grpc-js';
import {
  EventsServiceService,
  GetEventResponse,
  ListEventsResponse,
  TopValuesResponse,
  type GetEventRequest,
  type StreamEventsRequest,
  type StreamEventsResponse,
  type TailEventsRequest,
  type TailEventsResponse,
} from '@tidemark/contracts/events';
import {
  createLogger,
  on,
  rpcClient,
  rpcService,
  startServer,
  type CallContext,
  type RpcClient,
  type RpcServer,
} from '../src/index.ts';

/** A failure of the toy's domain. */
export class TooToyish extends Error {}

/** What the toy does when it is asked; a test replaces what it is about. */
export interface Behaviour {
  getEvent(request: GetEventRequest, context: CallContext): Promise<GetEventResponse>;
  streamEvents(requests: AsyncIterable<StreamEventsRequest>, context: CallContext): AsyncIterable<StreamEventsResponse>;
  tailEvents(request: TailEventsRequest, context: CallContext): AsyncIterable<TailEventsResponse>;
  check(): Promise<unknown>;
}

export interface Toy {
  server: RpcServer;
  address: string;
  client: RpcClient<typeof EventsServiceService>;
  stop(): Promise<void>;
}

/** A real server of a real contract with handlers made for the test. */
export async function startToy(behaviour: Partial<Behaviour>): Promise<Toy> {
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    services: [
      rpcService(EventsServiceService, {
        getEvent: behaviour.getEvent ?? (() => Promise.resolve(GetEventResponse.fromPartial({}))),
        streamEvents: behaviour.streamEvents ?? echo,
        ingestEvents: () => Promise.reject(new TooToyish('no toy takes events')),
        listEvents: () => Promise.resolve(ListEventsResponse.fromPartial({})),
        queryBuckets: () => Promise.reject(new Error('internal detail: password=hunter2')),
        topValues: () => Promise.resolve(TopValuesResponse.fromPartial({})),
        exportEvents: nothing,
        tailEvents: behaviour.tailEvents ?? nothing,
        listIngestWarnings: () => Promise.reject(new TooToyish('no toy notices')),
      }),
    ],
    faults: [
      on(TooToyish, {
        code: status.FAILED_PRECONDITION,
        reason: 'TOO_TOYISH',
        fields: () => [{ field: 'events', description: 'Keep them.' }],
        metadata: () => ({ toy: 'yes' }),
        retryAfterMs: 1_500,
      }),
    ],
    log: createLogger({ name: 'toy', level: 'silent', pretty: false }),
    check: behaviour.check ?? (() => Promise.resolve()),
    maxRequestBytes: 100_000,
  });
  const address = `127.0.0.1:${server.port}`;
  const client = rpcClient(EventsServiceService, address);
  return {
    server,
    address,
    client,
    async stop() {
      client.close();
      await server.stop(100);
    },
  };
}

async function* echo(requests: AsyncIterable<StreamEventsRequest>): AsyncIterable<StreamEventsResponse> {
  for await (const { sequence } of requests) yield { sequence, stored: 0, duplicates: 0, rejections: [] };
}

async function* nothing(): AsyncIterable<never> {}
