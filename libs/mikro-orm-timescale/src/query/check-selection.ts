import type { FillMode } from './bucket-options.ts';
import type { Fail } from './fail.ts';
import type { ColumnProperty, Properties } from './properties.ts';
import type { Selection } from './selection.ts';

/** @throws InvalidQuery where a property does not fit what is selected of it, as far as that is known */
export function checkSelection(option: string, selection: Selection, properties: Properties, fail: Fail): void {
  if (selection.kind === 'raw' || (selection.kind === 'count' && selection.property === undefined)) return;
  const property = properties.get(selection.property ?? '', option);
  const type = typeOf(property);
  const { kind } = selection;
  if ((kind === 'sum' || kind === 'avg' || kind === 'histogram') && isNoNumber(type)) {
    fail(option, `"${property.name}" is a ${type}, which has no ${kind}`, 'Take a number, or count()');
  }
  if ((kind === 'min' || kind === 'max') && /^(bool|json)/i.test(type)) {
    fail(option, `"${property.name}" is a ${type}, which has no ${kind}`, 'Take first(), last() or rawAggregate()');
  }
  if (kind === 'first' || kind === 'last') properties.get(selection.by, option);
  if (kind === 'histogram') checkHistogram(option, selection, fail);
}

/** @throws InvalidQuery where a value cannot be filled like that, as far as that is known */
export function checkFill(
  name: string,
  mode: FillMode,
  selection: Selection,
  properties: Properties,
  fail: Fail,
): void {
  if (mode === 'none' || mode === 'last') return;
  const refuse = (what: string): never => fail('fill', `${what} and cannot be "${mode}"`, `Fill "${name}" with 'last'`);
  if (selection.kind === 'histogram' && mode === 'linear') refuse(`"${name}" is a histogram`);
  if (!['min', 'max', 'first', 'last'].includes(selection.kind) || !('property' in selection)) return;
  const property = properties.get(selection.property ?? '', 'fill');
  const { runtimeType } = property.property;
  if (isNoNumber(typeOf(property))) refuse(`"${name}" is a ${typeOf(property)}`);
  if (mode === 'linear' && (runtimeType === 'bigint' || runtimeType === 'string')) {
    refuse(`"${name}" is a ${runtimeType}, which has no fractions,`);
  }
}

function checkHistogram(
  option: string,
  { min, max, buckets }: Extract<Selection, { kind: 'histogram' }>,
  fail: Fail,
): void {
  if (!Number.isFinite(min) || !Number.isFinite(max) || min >= max) {
    fail(option, `${min} to ${max} is no range of a histogram`, 'Give a min below its max');
  }
  if (!Number.isSafeInteger(buckets) || buckets < 1) {
    fail(option, `a histogram has no ${buckets} buckets`, 'Give a whole number above 0');
  }
}

function typeOf({ property }: ColumnProperty): string {
  return property.columnTypes[0] ?? '';
}

/** False where nobody knows, as of a domain. */
function isNoNumber(type: string): boolean {
  return /^(char|varchar|bpchar|text|citext|uuid|bool|json|bytea|timestamp|date|time|interval|inet|cidr|bit|ts)|\[\]$/i.test(
    type,
  );
}
