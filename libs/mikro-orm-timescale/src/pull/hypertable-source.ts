import { parseInterval } from '../interval.ts';
import type {
  CanonicalWidth,
  ColumnstoreState,
  DimensionState,
  HypertableState,
  OrderState,
} from '../state/hypertable-state.ts';
import { block, inline, list, quoted } from './typescript.ts';

/** What cannot be said with `hypertable()`. */
export class Unspeakable extends Error {}

export interface HypertableSource {
  /** The call of `hypertable()`. */
  source: string;
  /** What it uses of this library. */
  imports: string[];
}

/**
 * What is there, and nothing of what is not: absent options stay unmanaged.
 *
 * @param propertyOf of a column; undefined where it has none
 * @throws Unspeakable
 */
export function hypertableSource(
  entity: string,
  state: HypertableState,
  propertyOf: (column: string) => string | undefined,
): HypertableSource {
  const property = (column: string): string => {
    const found = propertyOf(column);
    if (found === undefined) throw new Unspeakable(`${entity} has no property for the column ${quoted(column)}`);
    return found;
  };
  const { by, integerNow, dimensions = [], columnstore, retention, reorder } = state;
  const options = block([
    ['by', quoted(property(by.column))],
    ['chunkInterval', by.interval === undefined ? undefined : width('chunkInterval', by.interval)],
    ['integerNow', integerNow && integerNowSource(integerNow)],
    ['dimensions', dimensions.length > 0 ? list(dimensions.map((each) => dimension(each, property))) : undefined],
    ['columnstore', columnstore ? columnstoreSource(columnstore, property) : undefined],
    ['retention', retention ? inline([['dropAfter', width('retention', retention.dropAfter)]]) : undefined],
    ['reorder', reorder ? inline([['index', quoted(reorder.index)]]) : undefined],
  ]);
  return {
    source: `hypertable(${entity}, ${options});`,
    imports: ['hypertable', ...dimensions.map(({ kind }) => kind)],
  };
}

function dimension(state: DimensionState, property: (column: string) => string): string {
  const name = quoted(property(state.column));
  return state.kind === 'hash'
    ? `hash(${name}, ${state.partitions})`
    : `range(${name}, ${width('dimensions', state.interval)})`;
}

function columnstoreSource(
  { segmentBy, orderBy, after }: ColumnstoreState,
  property: (column: string) => string,
): string {
  return inline([
    // A property with several columns is named once.
    ['segmentBy', segmentBy && list([...new Set(segmentBy.map(property))].map(quoted))],
    ['orderBy', orderBy && inline(ordered(orderBy, property))],
    ['after', after ? width('columnstore.after', after) : undefined],
  ]);
}

function ordered(orderBy: readonly OrderState[], property: (column: string) => string): [string, string][] {
  return [...new Map(orderBy.map((order) => [property(order.column), quoted(direction(order))]))];
}

function direction({ descending, nullsFirst }: OrderState): string {
  const order = descending ? 'desc' : 'asc';
  return descending === nullsFirst ? order : `${order} nulls ${nullsFirst ? 'first' : 'last'}`;
}

function integerNowSource({ schema, name }: { schema: string; name: string }): string {
  if (schema.includes('.') || name.includes('.')) throw new Unspeakable(`integerNow: "${schema}"."${name}" has a dot`);
  return quoted(`${schema}.${name}`);
}

function width(option: string, given: CanonicalWidth): string {
  if (typeof given === 'number') return String(given);
  if (!parseInterval(given)) throw new Unspeakable(`${option}: '${given}' is no interval above zero`);
  const parts = given.split(/ (?=\d)/);
  // The type of an interval in text knows two parts at most.
  return parts.length <= 2 ? quoted(given) : inline(parts.map(amount));
}

/** '1 month' as [months, 1]. */
function amount(part: string): [string, string] {
  const [count = '', unit = ''] = part.split(' ');
  return [unit.endsWith('s') ? unit : `${unit}s`, count];
}
