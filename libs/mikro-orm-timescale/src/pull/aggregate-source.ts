import type { AggregateBucket, ContinuousAggregateOptions, RefreshOptions } from '../definition/aggregate-options.ts';
import { checkAggregateOn } from '../definition/check-aggregate.ts';
import type { Width } from '../definition/options.ts';
import type { PolicySchedule } from '../definition/policy-schedule.ts';
import { InvalidContinuousAggregate } from '../faults.ts';
import type { Interval } from '../interval.ts';
import { rawAggregate } from '../query/selection.ts';
import type { AggregateState, RefreshState } from '../state/aggregate-state.ts';
import type { CanonicalWidth } from '../state/hypertable-state.ts';
import type { ScheduleState } from '../state/schedule-state.ts';
import type { CallSource } from './hypertable-source.ts';
import {
  columnstoreSource,
  orderSource,
  retentionSource,
  scheduleEntries,
  Unspeakable,
  widthSource,
  type PropertyOf,
} from './policy-source.ts';
import type { PulledEntity } from './pulled-entities.ts';
import type { PulledQuery } from './pulled-query.ts';
import { block, comment, inline, list, quoted, type Entry } from './typescript.ts';

/**
 * `export const Hourly = continuousAggregate(...)`, after what it could not say.
 *
 * @param viewName where the naming strategy gives another
 * @throws Unspeakable
 */
export function aggregateSource(
  name: string,
  source: PulledEntity,
  query: PulledQuery,
  state: AggregateState,
  viewName: string | undefined,
): CallSource {
  const property = (column: string): string => {
    const found = query.properties.get(column);
    if (found === undefined) throw new Unspeakable(`it has no column ${quoted(column)}`);
    return found;
  };
  const { said, notes } = sayable(name, source, query, state);
  const definition = block([
    ['bucket', bucketSource(query.bucket)],
    ['groupBy', query.groupBy.length === 0 ? undefined : list(query.groupBy.map(quoted))],
    [
      'select',
      block(
        query.select.map(({ property, guess }): Entry => [property, guess.source]),
        '  ',
      ),
    ],
    ['viewName', viewName && quoted(viewName)],
    ...settings(said, property),
  ]);
  const call = `export const ${name} = continuousAggregate(${quoted(name)}, ${source.name}, ${definition});`;
  return {
    source: [...notes.map(comment), call].join('\n'),
    imports: ['continuousAggregate', ...query.select.map(({ guess }) => guess.call)],
  };
}

function settings(
  { realtime, chunkInterval, refresh, columnstore, retention, indexes }: AggregateState,
  property: PropertyOf,
): Entry[] {
  return [
    ['realtime', realtime === undefined ? undefined : String(realtime)],
    ['chunkInterval', chunkInterval === undefined ? undefined : widthSource('chunkInterval', chunkInterval)],
    ['refresh', refresh ? refreshSource(refresh) : undefined],
    ['columnstore', columnstore ? columnstoreSource(columnstore, property).source : undefined],
    ['retention', retention ? retentionSource(retention) : undefined],
    // None at all is said too: without a word TimescaleDB would make some.
    ['indexes', indexes && list(indexes.map((index) => orderSource(index, property)))],
  ];
}

function bucketSource({ by, width, timeZone, origin, offset }: AggregateBucket): string {
  const widthText = widthSource('bucket', width as CanonicalWidth);
  if (timeZone === undefined && origin === undefined && offset === undefined) return list([widthText, quoted(by)]);
  return inline([
    ['width', widthText],
    ['by', quoted(by)],
    ['timeZone', timeZone === undefined ? undefined : quoted(timeZone)],
    ['origin', origin instanceof Date ? `new Date(${quoted(origin.toISOString())})` : origin && quoted(origin)],
    ['offset', offset === undefined ? undefined : widthSource('bucket.offset', offset as CanonicalWidth)],
  ]);
}

function refreshSource(refresh: RefreshState): string {
  const { start, end, schedule, bucketsPerBatch, maxBatchesPerExecution, refreshNewestFirst } = refresh;
  const offset = (option: string, width: CanonicalWidth | null): string =>
    width === null ? 'null' : widthSource(`refresh.${option}`, width);
  const others = Object.entries({ bucketsPerBatch, maxBatchesPerExecution, refreshNewestFirst });
  return inline([
    ['start', offset('start', start)],
    ['end', offset('end', end)],
    ...scheduleEntries('refresh', schedule),
    ...others.map(([key, value]): Entry => [key, value === undefined ? undefined : String(value)]),
  ]);
}

/** Leaves out the policies that the library would refuse, such as a refresh that reaches beyond the source's retention. */
function sayable(
  name: string,
  { source, name: className, properties }: PulledEntity,
  query: PulledQuery,
  state: AggregateState,
): { said: AggregateState; notes: string[] } {
  if (!source) throw new Unspeakable(`${className}, which it reads, cannot be declared`);
  let said = state;
  const notes: string[] = [];
  const known = { className, properties: Object.fromEntries([...properties.values()].map((each) => [each, {}])) };
  for (;;) {
    try {
      checkAggregateOn(source, known, name, optionsOf(query, said));
      return { said, notes };
    } catch (fault) {
      if (!(fault instanceof InvalidContinuousAggregate)) throw fault;
      const policy = policies.find((each) => said[each] && fault.option.split('.')[0] === each);
      if (!policy) throw new Unspeakable(fault.message.replace(/\.$/, ''));
      said = { ...said, [policy]: false };
      notes.push(`The ${policy} of ${state.view} is not here. ${fault.message}`);
    }
  }
}

const policies = ['refresh', 'columnstore', 'retention'] as const;

/** As the source will have them, for the checks. */
function optionsOf(query: PulledQuery, state: AggregateState): ContinuousAggregateOptions {
  const { refresh, columnstore, retention, chunkInterval, indexes } = state;
  return {
    bucket: query.bucket,
    groupBy: query.groupBy,
    select: Object.fromEntries(query.select.map(({ property }) => [property, rawAggregate(() => '')])),
    ...(chunkInterval !== undefined && { chunkInterval: chunkInterval as Width }),
    ...(refresh && { refresh: refreshOptions(refresh) }),
    ...(columnstore && {
      columnstore: {
        ...(columnstore.after && { after: columnstore.after as Width }),
        ...schedule(columnstore.schedule),
      },
    }),
    ...(retention && { retention: { dropAfter: retention.dropAfter as Width, ...schedule(retention.schedule) } }),
    ...(indexes && {
      indexes: indexes.map((index) =>
        Object.fromEntries(index.map(({ column }) => [query.properties.get(column) ?? column, 'asc' as const])),
      ),
    }),
  };
}

function refreshOptions({ start, end, schedule: when }: RefreshState): RefreshOptions {
  return { start: start as Width | null, end: end as Width | null, ...schedule(when), every: when.every as Interval };
}

function schedule({ every, initialStart, timeZone }: ScheduleState = {}): PolicySchedule {
  return {
    ...(every !== undefined && { every: every as Interval }),
    ...(initialStart && { initialStart: new Date(initialStart), ...(timeZone && { timeZone }) }),
  };
}
