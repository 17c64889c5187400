import { second, type Micros } from '../domain/micros.ts';
import { timestamptz } from './timestamptz.ts';

const most = 200;

/**
 * The stretches of time in which these times lie, as a tstzmultirange. Between two of them is at least a second; more
 * where they would be too many, since a search through a stretch passes over what lies in between.
 * @param times ascending
 */
export function stretchesOf(times: readonly Micros[]): string {
  let gap = second;
  let stretches = cut(times, gap);
  while (stretches.length > most) stretches = cut(times, (gap *= 8));
  return `{${stretches.map(([first, last]) => `[${timestamptz(first)},${timestamptz(last)}]`).join(',')}}`;
}

function cut(times: readonly Micros[], gap: Micros): Array<readonly [first: Micros, last: Micros]> {
  const stretches: Array<[Micros, Micros]> = [];
  let current: [Micros, Micros] | undefined;
  for (const time of times) {
    if (current && time - current[1] <= gap) current[1] = time;
    else stretches.push((current = [time, time]));
  }
  return stretches;
}
