import { Client, credentials, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { IngestEventsRequest, QueryBucketsRequest } from '@tidemark/contracts/events';
import { RetryInfo, Status } from '@tidemark/contracts/rpc';
import { RpcError } from '../src/index.ts';
import { startToy, TooToyish, type Toy } from './toy-server.ts';

let toy: Toy;
let thrown: unknown;

beforeAll(async () => {
  toy = await startToy({
    getEvent: async () => {
      await Promise.resolve();
      throw thrown;
    },
  });
});
afterAll(() => toy.stop());

async function errorFor(error: unknown): Promise<RpcError> {
  thrown = error;
  return (await toy.client.getEvent({ id: '' }).catch((each: unknown) => each)) as RpcError;
}

test('a failure of the domain is told with its reason, fields and metadata', async () => {
  const error = await errorFor(new TooToyish('That is a toy.'));
  expect(error).toMatchObject({
    code: status.FAILED_PRECONDITION,
    message: 'That is a toy.',
    reason: 'TOO_TOYISH',
    metadata: { toy: 'yes' },
    fields: [{ field: 'events', description: 'Keep them.' }],
    retryAfterMs: 1_500,
  });
  const [encoded] = (error.cause as ServiceError).metadata.get('grpc-status-details-bin');
  const retry = Status.decode(encoded as Buffer).details.find(({ typeUrl }) => typeUrl.endsWith('RetryInfo'));
  expect(RetryInfo.decode(retry?.value ?? new Uint8Array()).retryDelay).toEqual({ seconds: 1n, nanos: 500_000_000 });
});

test('an error that nobody knows is INTERNAL and shows nothing of itself', async () => {
  await expect(toy.client.queryBuckets(QueryBucketsRequest.fromPartial({}))).rejects.toMatchObject({
    code: status.INTERNAL,
    reason: 'INTERNAL',
    message: 'Something went wrong inside the service.',
  });
  expect(await errorFor('a string')).toMatchObject({ code: status.INTERNAL, reason: 'INTERNAL' });
});

test.each([
  Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }),
  Object.assign(new Error('shutdown'), { code: '57P01' }),
  Object.assign(new Error('08'), { code: '08006' }),
  Object.assign(new Error('the disk is full'), { code: '53100' }),
  Object.assign(new Error('a standby'), { code: '25006' }),
  new Error('Connection terminated unexpectedly'),
  new Error('outer', { cause: Object.assign(new Error('inner'), { code: '53300' }) }),
])('a database that cannot be reached is UNAVAILABLE: %s', async (error) => {
  expect(await errorFor(error)).toMatchObject({ code: status.UNAVAILABLE, reason: 'DATABASE_UNAVAILABLE' });
});

test('text that cannot be encoded, or is too long for a trailer, still arrives', async () => {
  expect((await errorFor(new TooToyish('lone \ud800 surrogate'))).message).toBe('lone \ufffd surrogate');
  const long = await errorFor(new TooToyish('ü'.repeat(100_000)));
  expect(long).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'TOO_TOYISH' });
});

test.each([
  [0x0a, 0xff, 0xff],
  [0x0a, 0x02, 0xc3, 0x28],
])('bytes that are no message, or whose text is no UTF-8, are the caller’s mistake', async (...bytes) => {
  const client = new Client(toy.address, credentials.createInsecure());
  const path = '/tidemark.events.v1.EventsService/GetEvent';
  const error = await new Promise<ServiceError | null>((resolve) => {
    const garbage = (): Buffer => Buffer.from(bytes);
    client.makeUnaryRequest(path, garbage, (bytes) => bytes, {}, new Metadata(), resolve);
  });
  client.close();
  expect(new RpcError(error as ServiceError)).toMatchObject({
    code: status.INVALID_ARGUMENT,
    reason: 'REQUEST_MALFORMED',
  });
});

test('a request over the limit is refused', async () => {
  const events = Array.from({ length: 200 }, () => ({ page: 'x'.repeat(1_000) }));
  await expect(toy.client.ingestEvents(IngestEventsRequest.fromPartial({ events }))).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
  });
});

test('the trailer stays under 8 KiB, whatever characters the texts are of', async () => {
  const error = await errorFor(new TooToyish('漢'.repeat(10_000)));
  const { metadata, details } = error.cause as ServiceError;
  const [encoded] = metadata.get('grpc-status-details-bin');
  expect((encoded as Buffer).toString('base64').length + encodeURI(details).length).toBeLessThan(8_000);
  expect(details).toMatch(/^漢{100,}…$/);
});
