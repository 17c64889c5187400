import type { Capabilities } from '../catalog/capabilities.ts';
import { MissingFeature } from '../faults.ts';
import { isRemoved, type Aggregate } from '../state/aggregate-state.ts';
import type { TimescaleSettings } from './settings.ts';

/**
 * The aggregates that the server can have: all, or none.
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
  if (server.edition === 'community' || (server.version === undefined && server.available)) return [...wanted];
  for (const aggregate of wanted) {
    if (isRemoved(aggregate)) continue;
    const name = schema === undefined ? aggregate.view : `${schema}.${aggregate.view}`;
    const found = server.version === undefined ? 'none' : `${server.version} (${server.edition} edition)`;
    const fault = new MissingFeature(name, 'a continuous aggregate', 'the community edition of TimescaleDB', found);
    if (onMissing === 'error') throw fault;
    if (onMissing === 'warn') warn(fault.message);
  }
  return [];
}
