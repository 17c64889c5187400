import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { queryObjects, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { status } from '@grpc/grpc-js';
import {
  EventsServiceService,
  GetEventResponse,
  StreamEventsRequest,
  type StreamEventsResponse,
} from '@tidemark/contracts/events';
import { rpcClient, RpcError, type CallContext } from '../src/index.ts';
import { startToy, TooToyish, type Behaviour, type Toy } from './toy-server.ts';
import { until } from './until.ts';

let toy: Toy | undefined;

async function start(behaviour: Partial<Behaviour>): Promise<Toy> {
  toy = await startToy(behaviour);
  return toy;
}

afterEach(async () => {
  await toy?.stop();
  toy = undefined;
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const answer = GetEventResponse.fromPartial({});
const request = (sequence: number): StreamEventsRequest =>
  StreamEventsRequest.fromPartial({ sequence: BigInt(sequence) });

/** A handler that works until nobody waits for it any more; it says when it begins and when it is told. */
function untilAborted(): { getEvent: Behaviour['getEvent']; begun: Promise<void>; aborted: Promise<void> } {
  const [begun, aborted] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
  const getEvent = async (_: unknown, { signal }: CallContext): Promise<GetEventResponse> => {
    begun.resolve(undefined);
    await once(signal, 'abort');
    aborted.resolve(undefined);
    throw signal.reason as Error;
  };
  return { getEvent, begun: begun.promise, aborted: aborted.promise };
}

describe('a unary call', () => {
  test('whose deadline passes is answered at once, and its handler is told', async () => {
    const handler = untilAborted();
    const { client } = await start(handler);
    await expect(client.getEvent({ id: '' }, { timeoutMs: 2_000 })).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    });
    await handler.aborted;
  });

  test('that the caller cancels tells its handler', async () => {
    const handler = untilAborted();
    const { client } = await start(handler);
    const controller = new AbortController();
    const call = client.getEvent({ id: '' }, { signal: controller.signal });
    void handler.begun.then(() => controller.abort());
    await expect(call).rejects.toMatchObject({ code: status.CANCELLED });
    await handler.aborted;
  });

  test('that ends well does not abort its signal while it works', async () => {
    let abortedEarly = true;
    const { client } = await start({
      getEvent: async (_, { signal }) => {
        await sleep(20);
        abortedEarly = signal.aborted;
        return answer;
      },
    });
    await client.getEvent({ id: '' }, { timeoutMs: 30_000 });
    expect(abortedEarly).toBe(false);
  });
});

describe('a stream', () => {
  test('waits for a client that does not read, and forgets one that goes away', async () => {
    let produced = 0;
    let ended = 'not yet';
    const { address } = await start({
      streamEvents: async function* (_, { signal }) {
        try {
          while (!signal.aborted) {
            await Promise.resolve();
            produced += 1;
            const rejections = [{ index: 0, reason: 1 as const, message: 'x'.repeat(10_000) }];
            yield { sequence: 0n, stored: 0, duplicates: 0, rejections };
          }
        } finally {
          ended = 'ended';
        }
      },
    });
    const reader = fork(fileURLToPath(new URL('toy-client.ts', import.meta.url)), [address], {
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    await once(reader, 'message');
    reader.kill('SIGSTOP');
    await until('production stands still', async () => {
      const before = produced;
      await sleep(500);
      return produced === before;
    });
    reader.kill('SIGKILL');
    await until('the handler has ended', () => ended === 'ended');
  });

  test('that fails in the middle keeps its replies and tells why', async () => {
    const { client } = await start({
      streamEvents: async function* (requests) {
        for await (const { sequence } of requests) {
          if (sequence === 3n) throw new TooToyish('enough');
          yield { sequence, stored: 1, duplicates: 0, rejections: [] };
        }
      },
    });
    const stream = client.streamEvents();
    const replies: bigint[] = [];
    stream.on('data', (reply: StreamEventsResponse) => replies.push(reply.sequence));
    for (const sequence of [1, 2, 3, 4]) stream.write(request(sequence));
    const [error] = (await once(stream, 'error')) as [never];
    expect(new RpcError(error)).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'TOO_TOYISH' });
    expect(replies).toEqual([1n, 2n]);
  });

  test('keeps nothing of the requests it has answered', async () => {
    const { client } = await start({});
    const stream = client.streamEvents();
    let replies = 0;
    stream.on('data', () => (replies += 1));
    const heapAfter = async (count: number): Promise<number> => {
      for (let i = 0; i < count; i++) if (!stream.write(request(i))) await once(stream, 'drain');
      while (replies < count) await sleep(5);
      replies = 0;
      collectGarbage();
      return process.memoryUsage().heapUsed;
    };
    const first = await heapAfter(5_000);
    const later = await heapAfter(20_000);
    stream.end();
    await once(stream, 'end');
    expect(later - first).toBeLessThan(8_000_000);
  });

  test.each([
    ['was read to its end', 1n],
    ['was left while the next request was read', 2n],
    ['failed between two requests', 3n],
  ])('leaves no signal behind when it ends, which %s', async (_, how) => {
    const { client } = await start({
      streamEvents: async function* (requests) {
        const source = requests[Symbol.asyncIterator]();
        for (let next = await source.next(); !next.done; next = await source.next()) {
          yield { sequence: next.value.sequence, stored: 0, duplicates: 0, rejections: [] };
          if (how === 3n) throw new TooToyish('enough');
          if (how === 2n) return void source.next();
        }
      },
    });
    const signalsAfter = async (count: number): Promise<number> => {
      for (let call = 0; call < count; call++) {
        const stream = client.streamEvents();
        stream.on('data', () => how === 1n && stream.end());
        stream.write(request(call));
        await once(stream, 'end').catch(() => undefined);
        stream.cancel();
      }
      return queryObjects(AbortSignal, { format: 'count' });
    };
    const first = await signalsAfter(10);
    await signalsAfter(50);
    // The server hears of a cancelled stream a moment later.
    await until('the signals are gone', () => queryObjects(AbortSignal, { format: 'count' }) - first < 10);
  });
});

describe('a server that stops', () => {
  test('finishes the calls under way and refuses new ones', async () => {
    const [begun, finish] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    const { client, server } = await start({
      getEvent: () => {
        begun.resolve(undefined);
        return finish.promise.then(() => answer);
      },
    });
    const call = client.getEvent({ id: '' });
    await begun.promise;
    const stopping = server.stop(30_000);
    const late = rpcClient(EventsServiceService, `127.0.0.1:${server.port}`);
    await expect(late.getEvent({ id: '' })).rejects.toMatchObject({ code: status.UNAVAILABLE });
    late.close();
    finish.resolve(undefined);
    expect(await call).toEqual(answer);
    await stopping;
    await server.stop(30_000);
  });

  test('tells handlers that take too long, and does not wait for those that do not listen', async () => {
    const handler = untilAborted();
    const deaf = Promise.withResolvers<undefined>();
    const { client, server } = await start({
      getEvent: (asked, context) => {
        if (asked.id !== 'deaf') return handler.getEvent(asked, context);
        deaf.resolve(undefined);
        return new Promise(() => undefined);
      },
    });
    const calls = ['', 'deaf'].map((id) => client.getEvent({ id }).catch((error: unknown) => error));
    await Promise.all([handler.begun, deaf.promise]);
    await server.stop(200);
    await handler.aborted;
    const unavailable = { code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' };
    expect(await calls[1]).toMatchObject(unavailable);
    expect(await calls[0]).toBeInstanceOf(RpcError);
  });

  test('ends a stream with UNAVAILABLE once it has answered what it read', async () => {
    const read = Promise.withResolvers<undefined>();
    const { client, server } = await start({
      streamEvents: async function* (requests) {
        for await (const { sequence } of requests) {
          read.resolve(undefined);
          await sleep(200);
          yield { sequence, stored: 1, duplicates: 0, rejections: [] };
        }
      },
    });
    const stream = client.streamEvents();
    const replies: bigint[] = [];
    stream.on('data', (reply: StreamEventsResponse) => replies.push(reply.sequence));
    const failed = once(stream, 'error') as Promise<[never]>;
    stream.write(request(1));
    await read.promise;
    await server.stop(30_000);
    expect(new RpcError((await failed)[0])).toMatchObject({ code: status.UNAVAILABLE, reason: 'SHUTTING_DOWN' });
    expect(replies).toEqual([1n]);
  });
});
