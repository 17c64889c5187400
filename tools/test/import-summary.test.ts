import { RejectionReason, type StreamEventsResponse } from '@tidemark/contracts/events';
import { LineReports } from '../src/import/line-reports.ts';
import type { Batch } from '../src/import/read-batches.ts';
import { summaryOf } from '../src/import/summary.ts';
import { Tally } from '../src/import/tally.ts';

const ending = { seconds: 1.2, unanswered: 0, isComplete: true, isOfSeveral: false };

function tally(fields: Partial<Tally> = {}): Tally {
  return Object.assign(new Tally(), fields);
}

function answer(fields: Partial<StreamEventsResponse>): StreamEventsResponse {
  return { sequence: 1n, stored: 0, duplicates: 0, rejections: [], ...fields };
}

test('counts everything in one line', () => {
  const counts = tally({ stored: 9_999, linesRead: 10_000 });
  counts.addMalformed({ file: 'a.log', line: 8899 });
  expect(summaryOf(counts, ending)).toEqual([
    '9,999 stored, 0 duplicates, 0 rejected, 1 malformed (line 8899), 10,000 lines read in 1.2 s',
  ]);
});

test('names the first malformed lines, with the file where there are several', () => {
  const counts = tally();
  for (let line = 1; line <= 6; line += 1) counts.addMalformed({ file: 'a.log', line });
  expect(summaryOf(counts, ending)[0]).toContain('6 malformed (lines 1, 2, 3, 4, 5, …)');
  expect(summaryOf(counts, { ...ending, isOfSeveral: true })[0]).toContain('(lines a.log:1, a.log:2,');
});

test('counts rejections by reason, names their lines and a remedy', () => {
  const counts = tally();
  const batch: Batch = { file: 'a.log', events: [], lineNumbers: [4, 5, 7] };
  const rejections = [
    { index: 0, reason: RejectionReason.TIME_TOO_OLD, message: 'too old' },
    { index: 2, reason: RejectionReason.FIELD_TOO_LONG, message: 'too long' },
  ];
  expect(counts.addAnswer(batch, answer({ stored: 1, rejections }))).toEqual([
    { file: 'a.log', line: 4, reason: 'TIME_TOO_OLD', message: 'too old' },
    { file: 'a.log', line: 7, reason: 'FIELD_TOO_LONG', message: 'too long' },
  ]);
  expect(summaryOf(counts, ending)).toEqual([
    expect.stringContaining('1 stored, 0 duplicates, 2 rejected (1 TIME_TOO_OLD, 1 FIELD_TOO_LONG), 0 malformed,'),
    'TIME_TOO_OLD: import with --shift-to yesterday, or run the service with a longer EVENTS_RETENTION.',
  ]);
});

test('says what resends and an early end mean', () => {
  const counts = tally({ stored: 1, duplicates: 1, linesRead: 1, outages: 1, resentEvents: 4_000 });
  expect(summaryOf(counts, { ...ending, isComplete: false, unanswered: 2_000 })).toEqual([
    'So far: 1 stored, 1 duplicate, 0 rejected, 0 malformed, 1 line read in 1.2 s',
    'The service was away 1 time and 4,000 events sent again: what it had stored before counts as a duplicate.',
    '2,000 events sent and not answered. Run it again with the same options to import the rest: nothing is stored twice.',
  ]);
});

test('reports 20 lines of a kind in full', () => {
  const printed: string[] = [];
  const reports = new LineReports((line) => printed.push(line));
  for (let line = 1; line <= 30; line += 1) reports.add('malformed', { file: 'a.log', line }, 'why');
  reports.add('IP_INVALID', { file: 'a.log', line: 31 }, 'why');
  expect(printed).toHaveLength(22);
  expect(printed[0]).toBe('a.log:1: malformed: why');
  expect(printed.slice(-2)).toEqual([
    'Further lines that are malformed are only counted.',
    'a.log:31: IP_INVALID: why',
  ]);
});
