import { realServer, testServerUrl } from '@tidemark/testing';
import { TransferResponse } from '@tidemark/contracts/users';
import { checkAccount, checkTotal, checkTransfers, type AccountRow } from '../soak/check-money.ts';
import { Ledger, type SentTransfer } from '../soak/ledger.ts';
import { report } from '../soak/report.ts';
import { soak } from '../soak/soak.ts';

const seed = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
// A server that was started from an image or a folder can be started once more, to be killed; another one lives on.
const serverUrl = realServer ? undefined : testServerUrl;
if (serverUrl !== undefined) console.info('TEST_DATABASE_URL names a server that is not ours to kill: it lives on.');

test('whatever is killed, cut and doubled: the money is all there, and each history leads to its balance', async () => {
  console.info(`SOAK_SEED=${seed}`);
  const result = await soak({ serverUrl, transfers: 100_000, seconds: 20, atLeast: 200, seed, code: 'src' });
  console.info(report(result));
  expect(result.deviations).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(20);
  expect(result.refused).toBeGreaterThan(0);
  expect(result.failures).toBeGreaterThan(0);
  expect(result.doubles).toBeGreaterThan(0);
  expect(result.troubles.get('kill -9 of the database') ?? 0).toBeGreaterThan(serverUrl === undefined ? 0 : -1);
}, 600_000);

describe('the checks notice', () => {
  const account: AccountRow = {
    id: 'a',
    balance: '30',
    sequence: '2',
    count: '2',
    distinct_ids: '2',
    distinct_sequences: '2',
    last_sequence: '2',
    sum: '30',
    last_balance: '30',
    out_of_line: '0',
  };

  test.each<[string, Partial<AccountRow>, number]>([
    ['nothing, where all is right', {}, 0],
    ['a transaction that is missing', { count: '1', distinct_ids: '1', distinct_sequences: '1', sum: '10' }, 4],
    ['one that is there twice', { count: '3', sum: '40' }, 2],
    ['two of one sequence', { distinct_sequences: '1' }, 1],
    ['a last one that is missing', { last_sequence: '1', last_balance: '10' }, 2],
    ['a balance that does not follow', { out_of_line: '1' }, 1],
  ])('%s', (_, wrong, deviations) => {
    expect(checkAccount({ ...account, ...wrong }).length).toBe(deviations);
  });

  test('money that is lost or made', () => {
    expect(checkTotal([account, account], 60n)).toEqual([]);
    expect(checkTotal([account, account], 61n)).toEqual(['the accounts hold 60, and 61 was paid in']);
  });

  const answer = TransferResponse.fromPartial({ fromTransaction: { id: 'x' }, toTransaction: { id: 'y' } });
  const both = ['x', 'y'];

  test.each<[string, Partial<SentTransfer>, string[], string[], (string | RegExp)[]]>([
    ['nothing, where all is right', { answer }, ['k'], both, []],
    ['an acknowledged transfer that is not there', { answer }, [], [], [/acknowledged and is not there/]],
    ['half a transfer', { answer }, ['k'], ['x'], [/acknowledged and is not there/, /1 transactions of 1 transfers/]],
    ['one side twice', { answer }, ['k'], ['x', 'y', 'y'], [/3 transactions of 1 transfers, of 2 ids/]],
    ['one that was refused and made', { answer: 'refused' }, ['k'], both, [/was refused and made/]],
    ['nothing, where another sending came through', { answer: 'refused', sent: 2 }, ['k'], both, []],
    ['one without an answer', {}, [], [], [/never answered/]],
    ['a key that nobody sent', { answer }, ['k', 'l', 'opening 1'], both, ['nobody sent "l"']],
  ])('%s', (_, state, keys, ids, expected) => {
    const ledger = new Ledger();
    ledger.transfers.push({
      idempotencyKey: 'k',
      fromAccountId: 'a',
      toAccountId: 'b',
      amountMinor: 1n,
      sent: 1,
      answer: undefined,
      ...state,
    });
    const found = checkTransfers(ledger, new Set(keys), ids);
    expect(found.length).toBe(expected.length);
    for (const [place, text] of expected.entries()) expect(found[place]).toMatch(text);
  });

  test('two answers that differ, and a refusal after an answer', () => {
    const ledger = new Ledger();
    const sent = { idempotencyKey: 'k', fromAccountId: 'a', toAccountId: 'b', amountMinor: 1n, sent: 1 };
    const transfer: SentTransfer = { ...sent, answer: undefined };
    ledger.refuse(transfer, undefined);
    ledger.acknowledge(transfer, answer);
    ledger.refuse(transfer, 'refused');
    ledger.acknowledge(transfer, answer);
    expect(ledger.deviations).toEqual([]);
    ledger.acknowledge(transfer, TransferResponse.fromPartial({ fromTransaction: { id: 'z' } }));
    ledger.refuse(transfer, answer);
    expect(ledger.deviations.length).toBe(2);
  });
});
