import { setTimeout } from 'node:timers/promises';
import pg from 'pg';
import { realServer, testServerUrl } from '@tidemark/testing';
import { Event } from '@tidemark/contracts/events';
import { checkLedger } from '../soak/check-ledger.ts';
import { Ledger } from '../soak/ledger.ts';
import { report } from '../soak/report.ts';
import { soak } from '../soak/soak.ts';
import { timestamp, uuid } from './harness.ts';

const seconds = 20;
const seed = Number(process.env['LEDGER_SEED'] ?? Date.now() % 1_000_000);
// A server that was started from an image or a folder can be started once more, to be killed; another one lives on.
const serverUrl = realServer ? undefined : testServerUrl;
if (serverUrl !== undefined) console.info('TEST_DATABASE_URL names a server that is not ours to kill: it lives on.');

test('whatever is killed, cut and doubled: what is acknowledged is stored once, and nothing else', async () => {
  console.info(`LEDGER_SEED=${seed}`);
  const result = await soak({ serverUrl, seconds, seed, isSkewed: true, code: 'src' });
  console.info(report(result));
  expect(result.deviations).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(100);
  expect(result.failures).toBeGreaterThan(0);
  expect(result.doubles).toBeGreaterThan(0);
  expect(result.troubles.get('kill -9 of the database') ?? 0).toBeGreaterThan(serverUrl === undefined ? 0 : -1);
}, 400_000);

(realServer ? test : test.skip)(
  'a real server that is killed while a session computes is gone with it, and starts again',
  async () => {
    const server = await (realServer as NonNullable<typeof realServer>)();
    const client = new pg.Client({ connectionString: server.url });
    client.on('error', () => undefined);
    await client.connect();
    const computing = client.query('SELECT count(*) FROM generate_series(1, 10000000000)');
    await Promise.all([
      expect(computing).rejects.toThrow(),
      setTimeout(500).then(async () => {
        await server.kill();
        await server.start();
      }),
    ]);
    await server.stop();
  },
);

describe('the ledger notices', () => {
  const at = '2026-11-20T10:00:00Z';
  const micros = Date.parse(at) * 1_000;
  const events = [1, 2].map((number) => Event.fromPartial({ id: uuid(number), time: timestamp(at), page: '/' }));
  const both = events.map(({ id }): [string, number[]] => [id, [micros]]);

  function ledgerOf(batch: { acknowledged?: number; abandoned?: boolean; storedByReplies?: number }): Ledger {
    const ledger = new Ledger();
    const { storedByReplies = 0, ...state } = batch;
    ledger.sending({ events, skewMs: undefined, acknowledged: 0, abandoned: false, ...state });
    ledger.storedByReplies = storedByReplies;
    return ledger;
  }

  test.each([
    ['an event that is missing', { acknowledged: 1 }, both.slice(1), ['acknowledged and not stored']],
    ['an event that nobody sent', { acknowledged: 1 }, [...both, [uuid(3), [micros]]], ['stored and never sent']],
    [
      'an event that is there twice',
      { acknowledged: 1 },
      [[uuid(1), [micros, micros]], both[1]],
      ['stored more than once'],
    ],
    ['an event at another time', { acknowledged: 1 }, [[uuid(1), [micros + 1]], both[1]], ['stored at another time']],
    ['half a batch', { abandoned: true }, both.slice(1), ['a batch stored in part']],
    ['a batch that is sent in vain', {}, both, ['never answered']],
    [
      'a reply that counts too much',
      { acknowledged: 1, storedByReplies: 3 },
      both,
      [expect.stringContaining('count 3') as string],
    ],
    ['nothing, where all is right', { acknowledged: 2, storedByReplies: 2 }, both, []],
  ])('%s', (_, batch, stored, expected) => {
    const deviations = checkLedger(ledgerOf(batch), new Map(stored as Array<[string, number[]]>));
    expect(deviations.map(({ what }) => what)).toEqual(expected);
  });

  test.each([
    ['counts that do not add up', 0, { stored: 1, duplicates: 0, rejections: [] }, /counts 1 stored and 0 duplicates/],
    ['rejections', 0, { stored: 1, duplicates: 0, rejections: [{}] }, /1 events were rejected/],
    ['what is stored again', 1, { stored: 1, duplicates: 1, rejections: [] }, /stored again/],
  ])('in a reply: %s', (_, before, answer, expected) => {
    const ledger = ledgerOf({ acknowledged: before });
    ledger.acknowledge(ledger.batches[0] as never, before, answer);
    expect(ledger.deviations).toEqual([
      { what: expect.stringMatching(expected) as string, ids: events.map(({ id }) => id) },
    ]);
  });
});
