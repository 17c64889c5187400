import type { DimensionState, HypertableState } from '../state/hypertable-state.ts';
import {
  columnstoreSource,
  retentionSource,
  scheduleEntries,
  Unspeakable,
  widthSource,
  type PropertyOf,
} from './policy-source.ts';
import { block, inline, list, quoted } from './typescript.ts';

export interface CallSource {
  source: string;
  /** What it uses of this library. */
  imports: string[];
}

/**
 * The call of `hypertable()`: what is there, and nothing of what is not, for absent options stay unmanaged.
 *
 * @throws Unspeakable
 */
export function hypertableSource(entity: string, state: HypertableState, property: PropertyOf): CallSource {
  const { by, integerNow, dimensions = [], chunkSkipping, retention, reorder } = state;
  const columnstore = state.columnstore ? columnstoreSource(state.columnstore, property) : undefined;
  const options = block([
    ['by', quoted(property(by.column))],
    ['chunkInterval', by.interval === undefined ? undefined : widthSource('chunkInterval', by.interval)],
    ['integerNow', integerNow && integerNowSource(integerNow)],
    ['dimensions', dimensions.length > 0 ? list(dimensions.map((each) => dimension(each, property))) : undefined],
    ['columnstore', columnstore?.source],
    ['chunkSkipping', chunkSkipping ? list([...new Set(chunkSkipping.map(property))].map(quoted)) : undefined],
    ['retention', retention ? retentionSource(retention) : undefined],
    ['reorder', reorder ? reorderSource(reorder) : undefined],
  ]);
  return {
    source: `hypertable(${entity}, ${options});`,
    imports: ['hypertable', ...dimensions.map(({ kind }) => kind), ...(columnstore?.imports ?? [])],
  };
}

function dimension(state: DimensionState, property: PropertyOf): string {
  const name = quoted(property(state.column));
  return state.kind === 'hash'
    ? `hash(${name}, ${state.partitions})`
    : `range(${name}, ${widthSource('dimensions', state.interval)})`;
}

function reorderSource({ index, schedule }: Exclude<HypertableState['reorder'], false | undefined>): string {
  return inline([['index', quoted(index)], ...scheduleEntries('reorder', schedule)]);
}

function integerNowSource({ schema, name }: { schema: string; name: string }): string {
  if (schema.includes('.') || name.includes('.')) throw new Unspeakable(`integerNow: "${schema}"."${name}" has a dot`);
  return quoted(`${schema}.${name}`);
}
