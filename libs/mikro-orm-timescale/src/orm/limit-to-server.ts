import { isAtLeastVersion, type Capabilities } from '../catalog/capabilities.ts';
import type { ColumnstoreState, HypertableState } from '../state/hypertable-state.ts';
import { reportMissing } from './report-missing.ts';
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
  const report = reportMissing(server, onMissing, warn);
  const missing = (feature: string, needs: string): void => report(hypertable, feature, needs);
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
  const since = (version: string, wants: unknown, feature: string): boolean => {
    if (!wants || isAtLeastVersion(server.version ?? '', version)) return true;
    missing(feature, `TimescaleDB ${version} or later`);
    return false;
  };
  if (!since('2.22', wanted.by.uuid, 'a hypertable by uuid')) return undefined;
  const has = (feature: CommunityFeature): boolean => {
    if (!wanted[feature] || server.edition === 'community') return true;
    missing(feature, 'the community edition of TimescaleDB');
    return false;
  };
  const [columnstore, chunkSkipping, reorder] = (['columnstore', 'chunkSkipping', 'reorder'] as const).map(has);
  // Until 2.25 their jobs fail at every run.
  const policy = (wants: unknown, feature: string): boolean =>
    since('2.25', wanted.by.uuid && wants, `${feature} by uuid`);
  const retention = has('retention') && policy(wanted.retention, 'retention');
  return {
    by: wanted.by,
    ...(wanted.integerNow && { integerNow: wanted.integerNow }),
    ...(wanted.dimensions && { dimensions: wanted.dimensions }),
    ...(columnstore &&
      wanted.columnstore !== undefined && { columnstore: limitColumnstore(wanted.columnstore, { since, policy }) }),
    ...(chunkSkipping && wanted.chunkSkipping !== undefined && { chunkSkipping: wanted.chunkSkipping }),
    ...(retention && wanted.retention !== undefined && { retention: wanted.retention }),
    ...(reorder && wanted.reorder !== undefined && { reorder: wanted.reorder }),
  };
}

/** Says whether the server has what is wanted, and what happens if not. */
interface Checks {
  since: (version: string, wants: unknown, feature: string) => boolean;
  policy: (wants: unknown, feature: string) => boolean;
}

function limitColumnstore(wanted: false | ColumnstoreState, { since, policy }: Checks): false | ColumnstoreState {
  if (!wanted) return false;
  const { sparseIndexes, after, schedule, ...settings } = wanted;
  const sparse = since('2.22', sparseIndexes !== undefined, 'columnstore.sparseIndexes');
  const converts = policy(after, 'columnstore.after');
  return {
    ...settings,
    ...(sparse && sparseIndexes !== undefined && { sparseIndexes }),
    ...(converts && after !== undefined && { after }),
    ...(converts && schedule && { schedule }),
  };
}

/** The first version that speaks of the columnstore in its statements. */
const oldest = '2.18';
type CommunityFeature = 'columnstore' | 'chunkSkipping' | 'retention' | 'reorder';
