import { isAtLeastVersion, type Capabilities } from '../catalog/capabilities.ts';
import { MissingFeature } from '../faults.ts';
import type { HypertableState } from '../state/hypertable-state.ts';
import type { TimescaleSettings } from './settings.ts';

/**
 * The part of what is wanted that the server can do; undefined where it has no hypertables at all. What it lacks is an
 * error or goes to `warn`, as `onMissing` says.
 *
 * @throws MissingFeature
 */
export function limitToServer(
  wanted: HypertableState,
  hypertable: string,
  server: Capabilities,
  onMissing: Required<TimescaleSettings>['onMissing'],
  warn: (message: string) => void,
): HypertableState | undefined {
  const missing = (feature: string, needs: string): void => {
    const found = server.version === undefined ? 'none' : `${server.version} (${server.edition} edition)`;
    const fault = new MissingFeature(hypertable, feature, needs, found);
    if (onMissing === 'error') throw fault;
    if (onMissing === 'warn') warn(fault.message);
  };
  if (server.version === undefined) {
    // It is there to be created, though not by us, so that nobody knows which edition it will be.
    if (server.available) return wanted;
    missing('a hypertable', 'TimescaleDB');
    return undefined;
  }
  if (!isAtLeastVersion(server.version, oldest)) {
    missing('a hypertable', `TimescaleDB ${oldest} or later`);
    return undefined;
  }
  const has = (feature: (typeof communityFeatures)[number]): boolean => {
    if (!wanted[feature] || server.edition === 'community') return true;
    missing(feature, 'the community edition of TimescaleDB');
    return false;
  };
  const [columnstore, retention, reorder] = communityFeatures.map(has);
  return {
    by: wanted.by,
    ...(wanted.integerNow && { integerNow: wanted.integerNow }),
    ...(wanted.dimensions && { dimensions: wanted.dimensions }),
    ...(columnstore && wanted.columnstore !== undefined && { columnstore: wanted.columnstore }),
    ...(retention && wanted.retention !== undefined && { retention: wanted.retention }),
    ...(reorder && wanted.reorder !== undefined && { reorder: wanted.reorder }),
  };
}

/** The first version that speaks of the columnstore in its statements. */
const oldest = '2.18';
const communityFeatures = ['columnstore', 'retention', 'reorder'] as const;
