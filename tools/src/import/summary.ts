import type { Tally } from './tally.ts';

export interface Ending {
  readonly seconds: number;
  /** Events that were sent and not answered when it ended. */
  readonly unanswered: number;
  readonly isComplete: boolean;
  /** Whether there was more than one file. */
  readonly isOfSeveral: boolean;
}

/** The last words of an import, a line each. */
export function summaryOf(tally: Tally, ending: Ending): string[] {
  const lines = [
    `${ending.isComplete ? '' : 'So far: '}${numberOf(tally.stored)} stored, ${counted(tally.duplicates, 'duplicate')}, ` +
      `${rejected(tally)}, ${malformed(tally, ending.isOfSeveral)}, ` +
      `${counted(tally.linesRead, 'line')} read in ${ending.seconds.toFixed(1)} s`,
  ];
  for (const reason of tally.rejected.keys()) {
    const remedy = remedies[reason];
    if (remedy) lines.push(`${reason}: ${remedy}`);
  }
  if (tally.resentEvents > 0) {
    lines.push(
      `The service was away ${counted(tally.outages, 'time')} and ${counted(tally.resentEvents, 'event')} sent again: ` +
        'what it had stored before counts as a duplicate.',
    );
  }
  if (!ending.isComplete) {
    const open = ending.unanswered > 0 ? `${counted(ending.unanswered, 'event')} sent and not answered. ` : '';
    lines.push(`${open}Run it again with the same options to import the rest: nothing is stored twice.`);
  }
  return lines;
}

const remedies: Readonly<Record<string, string>> = {
  TIME_TOO_OLD: 'import with --shift-to yesterday, or run the service with a longer EVENTS_RETENTION.',
  TIME_IN_FUTURE: 'import with --shift-to yesterday, or set the clock of the machine that wrote the log.',
};

function rejected(tally: Tally): string {
  const reasons = [...tally.rejected].map(([reason, count]) => `${numberOf(count)} ${reason}`);
  return `${numberOf(tally.rejections)} rejected${reasons.length > 0 ? ` (${reasons.join(', ')})` : ''}`;
}

function malformed({ malformed, malformedPlaces }: Tally, isOfSeveral: boolean): string {
  if (malformed === 0) return '0 malformed';
  const places = malformedPlaces.map(({ file, line }) => (isOfSeveral ? `${file}:${line}` : String(line)));
  const word = malformed === 1 ? 'line' : 'lines';
  if (malformed > places.length) places.push('…');
  return `${numberOf(malformed)} malformed (${word} ${places.join(', ')})`;
}

function counted(count: number, word: string): string {
  return `${numberOf(count)} ${word}${count === 1 ? '' : 's'}`;
}

function numberOf(count: number): string {
  return count.toLocaleString('en-US');
}
