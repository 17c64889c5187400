import { Event, IngestEventsRequest, StreamEventsRequest } from '@tidemark/contracts/events';
import { microsOfDuration, microsOfTimestamp } from '@tidemark/grpc-kit';
import { random } from '@tidemark/testing';
import { batchDecoder } from '../src/rpc/decode-batch.ts';

const seed = Number(process.env['DRAFT_SEED'] ?? Date.now() % 1_000_000);
const dice = random(seed);
const clock = (): number => 7;
const decode = batchDecoder(IngestEventsRequest, 1, clock);
const draftsOf = (...encoded: Uint8Array[]) => {
  const parts = encoded.flatMap((bytes) => [Buffer.from([10, ...varint(bytes.length)]), bytes]);
  return decode(Buffer.concat(parts)).drafts;
};

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}

const texts = ['', 'a', '/pages/%20', 'naïve 東京 😀', '\uFFFD', 'x'.repeat(300), 'NUL \0'];
const seconds = [0n, 1n, 127n, 128n, -1n, 1_790_000_000n, 2n ** 53n, -(2n ** 62n), 2n ** 63n - 1n];
const nanos = [0, 1, 999, 999_999_999, 1_000_000_000, -1, -999_999_999];

function randomEvent(): Event {
  const text = (): string => dice.pick(texts);
  const parts = () => (dice.below(3) === 0 ? undefined : { seconds: dice.pick(seconds), nanos: dice.pick(nanos) });
  return Event.fromPartial({
    id: text(),
    time: parts(),
    page: text(),
    userAgent: text(),
    ipAddress: text(),
    referrer: text(),
    sessionId: text(),
    userId: text(),
    duration: parts(),
    properties: dice.pick([undefined, {}, { a: 1.5, b: null, c: [true, 'text', { d: [] }] }, { ['__proto__']: 1 }]),
    receivedTime: parts(),
    isBot: dice.below(2) === 0,
    originalTime: parts(),
  });
}

/** As the generated decoder reads it. */
function expectedOf(bytes: Uint8Array): object {
  const { id, page, userAgent, ipAddress, referrer, sessionId, userId, properties, time, duration } =
    Event.decode(bytes);
  const orNull = (read: () => number): number | null => {
    try {
      return read();
    } catch {
      return null;
    }
  };
  return {
    id,
    page,
    userAgent,
    ipAddress,
    referrer,
    sessionId,
    userId,
    properties,
    time: time && orNull(() => microsOfTimestamp(time)),
    duration: duration && orNull(() => microsOfDuration(duration)),
    encodedBytes: bytes.length,
  };
}

test('every event is read as the generated decoder reads it', () => {
  console.info(`DRAFT_SEED=${seed}`);
  const encoded = Array.from({ length: 2_000 }, () => Event.encode(randomEvent()).finish());
  expect(draftsOf(...encoded)).toEqual(encoded.map(expectedOf));
});

test('what is around the events is read too, in any order and between them', () => {
  const event = Buffer.from([18, 3, 26, 1, 0x70]);
  const message = Buffer.concat([
    event,
    StreamEventsRequest.encode({ sequence: 7n, events: [], sentAt: { seconds: 5n, nanos: 0 } }).finish(),
    event,
  ]);
  const { sequence, sentAt, drafts } = batchDecoder(StreamEventsRequest, 2, clock)(message);
  expect({ sequence, sentAt, pages: drafts.map((draft) => draft?.page) }).toEqual({
    sequence: 7n,
    sentAt: { seconds: 5n, nanos: 0 },
    pages: ['p', 'p'],
  });
});

test('fields that are not known are passed over, and of a field that comes twice the last one counts', () => {
  const unknown = Buffer.from([0xa2, 6, 2, 1, 2, 0xa8, 6, 1, 0xb3, 6, 8, 1, 0xb4, 6]);
  const bytes = Buffer.concat([
    unknown,
    Event.encode(Event.fromPartial({ page: 'a', userId: 'u' })).finish(),
    Buffer.from([26, 1, 0x62]),
    unknown,
  ]);
  expect(draftsOf(bytes)).toEqual([expect.objectContaining({ page: 'b', userId: 'u' })]);
});

test.each([
  ['a text beyond the event', [26, 9, 0x61]],
  ['a time beyond the event', [18, 9, 8, 1]],
  ['a number that never ends', [18, 11, 8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ['a text that is no UTF-8', [26, 2, 0xc3, 0x28]],
  ['a tag of no field', [0, 0]],
  ['a wire type that is none', [31, 1]],
])('%s costs that event alone', (_, bytes) => {
  const good = Event.encode(Event.fromPartial({ page: 'good' })).finish();
  const drafts = draftsOf(good, Buffer.from(bytes), good);
  expect(drafts.map((draft) => draft?.page)).toEqual(['good', undefined, 'good']);
});

test('bytes that were changed on the way never break more than the events that they hit', () => {
  const good = Event.encode(Event.fromPartial({ page: 'good' })).finish();
  for (let round = 0; round < 5_000; round++) {
    const bytes = Buffer.from(Event.encode(randomEvent()).finish());
    if (bytes.length > 0) bytes[dice.below(bytes.length)] = dice.below(256);
    const drafts = draftsOf(good, bytes, good);
    expect(drafts.length).toBe(3);
    expect([drafts[0]?.page, drafts[2]?.page]).toEqual(['good', 'good']);
  }
});

test('a message that ends in the middle of an event cannot be decoded', () => {
  expect(() => decode(Buffer.from([10, 5, 26, 1, 0x61]))).toThrow(RangeError);
});

test('of more events than a batch may hold only the first are read, and all are counted', () => {
  const { drafts, count } = decode(Buffer.alloc(2_000_000, Buffer.from([10, 0])));
  expect([drafts.length, count]).toEqual([5_000, 1_000_000]);
});
