import { QueryBucketsRequest, TimeUnit } from '@tidemark/contracts/events';
import { readConfig } from '../src/config.ts';
import { event, range, startEvents, type Harness } from './harness.ts';

const clock = (): number => Date.parse('2026-11-20T00:00:00Z') * 1_000;
const day = range('2026-11-10T00:00:00Z', '2026-11-11T00:00:00Z');
const at = '2026-11-10T10:00:00Z';

const bots = ['Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)', 'curl/8.5.0'];
const people = ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', ''];

describe('bots', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await startEvents({ clock });
    for (const userAgent of [...bots, ...people]) await harness.ingest(event({ at, userAgent }));
  });
  afterAll(() => harness.stop());

  test('are marked and kept', async () => {
    const page = { range: day, filter: undefined, pageSize: 0, pageToken: '', descending: false };
    const { events } = await harness.events.listEvents(page);
    expect(new Map(events.map(({ userAgent, isBot }) => [userAgent, isBot]))).toEqual(
      new Map([...bots.map((bot) => [bot, true] as const), ...people.map((person) => [person, false] as const)]),
    );
  });

  test.each([
    [undefined, 4n],
    [{ excludeBots: true }, 2n],
    [{ excludeBots: true, userAgentContains: 'firefox' }, 1n],
  ])('are counted unless they are left out: %p', async (filter, count) => {
    const { buckets } = await harness.events.queryBuckets(
      QueryBucketsRequest.fromPartial({ range: day, width: { unit: TimeUnit.DAY }, ...(filter && { filter }) }),
    );
    expect(buckets).toMatchObject([{ count }]);
  });
});

describe.each([
  ['full', ['203.0.113.77', '2001:db8:1:2:3:4:5:6', '::ffff:203.0.113.77', '2001:db8::1']],
  ['truncated', ['203.0.113.0', '2001:db8:1::', '::ffff:203.0.113.0', '2001:db8::']],
  ['none', ['', '', '', '']],
] as const)('addresses are kept as configured: %s', (ipMode, kept) => {
  let harness: Harness;
  beforeAll(async () => (harness = await startEvents({ clock, ipMode })));
  afterAll(() => harness.stop());

  test('and wrong ones are rejected all the same', async () => {
    const sent = ['203.0.113.77', '2001:db8:1:2:3:4:5:6', '::ffff:203.0.113.77', '2001:db8::1'];
    const stored = sent.map((ipAddress) => event({ at, ipAddress }));
    expect(await harness.send(...stored, event({ at, ipAddress: '203.0.113.256' }))).toMatchObject({
      stored: 4,
      rejections: [{ index: 4 }],
    });
    const addresses = [];
    for (const { id } of stored) addresses.push((await harness.events.getEvent({ id })).event?.ipAddress);
    expect(addresses).toEqual(kept);
  });
});

test('an unknown way to keep addresses is refused at the start', () => {
  const env = { DATABASE_URL: 'postgresql://localhost/events', EVENTS_IP_ADDRESSES: 'half' };
  expect(() => readConfig(env)).toThrow('EVENTS_IP_ADDRESSES is "half": choose full, truncated or none.');
});
