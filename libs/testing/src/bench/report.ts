import type { Machine } from './machine.ts';
import type { Measure, Measured, Result } from './measure.ts';

type Shown = Pick<Measure<never>, 'name' | 'title' | 'goal'>;

export interface Line {
  measure: Shown;
  result: Result;
}

/** A table for docs/benchmarks.md, with the machine under it. */
export function markdown(lines: readonly Line[], machine: Machine): string {
  const rows = lines.map(({ measure, result }) => [
    measure.title,
    'skipped' in result ? 'not measured' : shown(result.value),
    goalOf(measure),
    'skipped' in result ? result.skipped : figuresOf(result),
  ]);
  const where = Object.entries(machine).map(([name, value]) => `${name}: ${String(value)}`);
  return `${table([['measure', 'result', 'goal', ''], ...rows])}\n\n${where.join('; ')}.\n`;
}

/** Every measure under its name, and beside them what they were made from. */
export function json(lines: readonly Line[], machine: Machine): string {
  const measured = lines.filter((line): line is Line & { result: Measured } => 'value' in line.result);
  const values = measured.map(({ measure, result }) => [measure.name, Number(result.value.toPrecision(4))] as const);
  const figures = measured.map(({ measure, result }) => [measure.name, result.figures] as const);
  return `${JSON.stringify({ ...Object.fromEntries(values), figures: Object.fromEntries(figures), machine }, null, 2)}\n`;
}

function figuresOf({ figures }: Measured): string {
  return Object.entries(figures)
    .map(([name, figure]) => `${name}: ${figure}`)
    .join('; ');
}

function goalOf({ goal }: Shown): string {
  if (!goal) return '';
  return 'atLeast' in goal ? `at least ${goal.atLeast}` : `at most ${goal.atMost}`;
}

function shown(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

function table([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(3, ...[head, ...rows].map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
