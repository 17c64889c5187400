import type { SoakResult } from './soak.ts';

const shownIds = 20;

export function report(result: SoakResult): string {
  const { deviations, acknowledged, stored, replies, failures, doubles, troubles } = result;
  const number = (value: number): string => value.toLocaleString('en');
  return [
    `${number(acknowledged)} events were acknowledged and ${number(stored)} are stored`,
    `${number(replies)} replies, ${number(failures)} failed requests and streams, ${number(doubles)} requests doubled`,
    ...[...troubles].map(([trouble, count]) => `${count} times: ${trouble}`),
    ...deviations.map(({ what, ids }) => `DEVIATION: ${what}: ${ids.length} ids: ${ids.slice(0, shownIds).join(' ')}`),
    deviations.length === 0 ? 'every acknowledged event is stored once, and nothing else is' : 'IT DEVIATES',
  ].join('\n');
}
