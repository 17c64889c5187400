import { isAtLeastVersion, type Capabilities } from '../catalog/capabilities.ts';
import { isRemoved, type Aggregate, type AggregateState, type RefreshState } from '../state/aggregate-state.ts';
import { reportMissing } from './report-missing.ts';
import type { TimescaleSettings } from './settings.ts';

/**
 * What of the aggregates the server can have.
 *
 * @throws MissingFeature
 */
export function limitAggregates(
  wanted: readonly Aggregate[],
  schema: string | undefined,
  server: Capabilities,
  onMissing: Required<TimescaleSettings>['onMissing'],
  warn: (message: string) => void,
): Aggregate[] {
  // It is there to be created, though not by us, so that nobody knows what it will be.
  if (server.version === undefined && server.available) return [...wanted];
  const report = reportMissing(server, onMissing, warn);
  const missing = (view: string, feature: string, needs: string): void =>
    report(schema === undefined ? view : `${schema}.${view}`, feature, needs);
  if (server.version === undefined || server.edition !== 'community') {
    for (const aggregate of wanted) {
      if (isRemoved(aggregate)) continue;
      missing(aggregate.view, 'a continuous aggregate', 'the community edition of TimescaleDB');
    }
    return [];
  }
  const { version } = server;
  return wanted.map((aggregate) =>
    isRemoved(aggregate)
      ? aggregate
      : withRefresh(aggregate, version, (feature, needs) => missing(aggregate.view, feature, needs)),
  );
}

/** https://github.com/timescale/timescaledb/blob/main/CHANGELOG.md */
const refreshSettings: readonly [keyof RefreshState, since: string][] = [
  ['bucketsPerBatch', '2.19'],
  ['maxBatchesPerExecution', '2.19'],
  ['refreshNewestFirst', '2.20'],
];

function withRefresh(
  aggregate: AggregateState,
  version: string,
  missing: (feature: string, needs: string) => void,
): AggregateState {
  const { refresh } = aggregate;
  if (!refresh) return aggregate;
  const tooNew = refreshSettings.filter(
    ([setting, since]) => refresh[setting] !== undefined && !isAtLeastVersion(version, since),
  );
  for (const [setting, since] of tooNew) missing(`refresh.${setting}`, `TimescaleDB ${since} or later`);
  const left = Object.entries(refresh).filter(([setting]) => !tooNew.some(([name]) => name === setting));
  return { ...aggregate, refresh: Object.fromEntries(left) as unknown as RefreshState };
}
