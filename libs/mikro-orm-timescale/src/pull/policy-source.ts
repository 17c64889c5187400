import { parseInterval } from '../interval.ts';
import type { ColumnstoreState, CanonicalWidth, OrderState } from '../state/hypertable-state.ts';
import type { ScheduleState } from '../state/schedule-state.ts';
import { inline, list, quoted, type Entry } from './typescript.ts';

/** What cannot be said in a definition. */
export class Unspeakable extends Error {}

/** Of a column; throws Unspeakable where it has none. */
export type PropertyOf = (column: string) => string;

export function columnstoreSource(
  { segmentBy, orderBy, sparseIndexes, after, schedule }: ColumnstoreState,
  property: PropertyOf,
): { source: string; imports: string[] } {
  const indexes = (sparseIndexes || []).map(({ kind, column }) => {
    if (kind !== 'bloom' && kind !== 'minmax') throw new Unspeakable(`columnstore.sparseIndexes: '${kind}' is no kind`);
    return { kind, source: `${kind}(${quoted(property(column))})` };
  });
  const sparse = sparseIndexes === undefined ? undefined : sparseIndexes && list(indexes.map(({ source }) => source));
  const source = inline([
    // A property with several columns is named once.
    ['segmentBy', segmentBy && list([...new Set(segmentBy.map(property))].map(quoted))],
    ['orderBy', orderBy && orderSource(orderBy, property)],
    ['sparseIndexes', sparse === undefined ? undefined : String(sparse)],
    ['after', after ? widthSource('columnstore.after', after) : undefined],
    ...scheduleEntries('columnstore', schedule),
  ]);
  return { source, imports: indexes.map(({ kind }) => kind) };
}

export function retentionSource({
  dropAfter,
  schedule,
}: {
  dropAfter: CanonicalWidth;
  schedule?: ScheduleState;
}): string {
  return inline([
    ['dropAfter', widthSource('retention.dropAfter', dropAfter)],
    ...scheduleEntries('retention', schedule),
  ]);
}

/** What is not fixed is as TimescaleDB has it by itself, and stays unsaid. */
export function scheduleEntries(option: string, schedule: ScheduleState | undefined): Entry[] {
  const { every, initialStart, timeZone } = schedule ?? {};
  return [
    ['every', every === undefined ? undefined : widthSource(`${option}.every`, every)],
    ['initialStart', initialStart ? `new Date(${quoted(initialStart)})` : undefined],
    // Without a fixed start it says nothing.
    ['timeZone', initialStart && timeZone ? quoted(timeZone) : undefined],
  ];
}

/** `{ time: 'desc' }` */
export function orderSource(orderBy: readonly OrderState[], property: PropertyOf): string {
  return inline([...new Map(orderBy.map((order) => [property(order.column), quoted(direction(order))]))]);
}

export function widthSource(option: string, given: CanonicalWidth): string {
  if (typeof given === 'number') return String(given);
  if (!parseInterval(given)) throw new Unspeakable(`${option}: '${given}' is no interval above zero`);
  const parts = given.split(/ (?=\d)/);
  // The type of an interval in text knows two parts at most.
  return parts.length <= 2 ? quoted(given) : inline(parts.map(amount));
}

function direction({ descending, nullsFirst }: OrderState): string {
  const order = descending ? 'desc' : 'asc';
  return descending === nullsFirst ? order : `${order} nulls ${nullsFirst ? 'first' : 'last'}`;
}

/** '1 month' as [months, 1]. */
function amount(part: string): [string, string] {
  const [count = '', unit = ''] = part.split(' ');
  return [unit.endsWith('s') ? unit : `${unit}s`, count];
}
