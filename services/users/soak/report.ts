import type { SoakResult } from './soak.ts';

const shown = 20;

export function report(result: SoakResult): string {
  const { deviations, acknowledged, refused, failures, doubles, delivered, settledMs, troubles } = result;
  const number = (value: number): string => value.toLocaleString('en');
  return [
    `${number(acknowledged)} transfers were acknowledged and ${number(refused)} refused for want of money`,
    `${number(failures)} failed calls, ${number(doubles)} transfers sent again or twice at once`,
    `${number(delivered)} transactions are in the history, the last of them ${number(settledMs)} ms after the end`,
    ...[...troubles].map(([trouble, count]) => `${count} times: ${trouble}`),
    ...deviations.slice(0, shown).map((deviation) => `DEVIATION: ${deviation}`),
    deviations.length === 0
      ? 'the money is all there, each balance is what its history says, and nothing is there twice'
      : `IT DEVIATES: ${deviations.length} times`,
  ].join('\n');
}
