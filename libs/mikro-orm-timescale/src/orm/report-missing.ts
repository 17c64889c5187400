import { spelledServer, type Capabilities } from '../catalog/capabilities.ts';
import { MissingFeature } from '../faults.ts';
import type { TimescaleSettings } from './settings.ts';

/**
 * What happens with something that the server lacks: an error, a warning or nothing, as `onMissing` says.
 *
 * @throws MissingFeature
 */
export type ReportMissing = (hypertable: string, feature: string, needs: string) => void;

export function reportMissing(
  server: Capabilities,
  onMissing: Required<TimescaleSettings>['onMissing'],
  warn: (message: string) => void,
): ReportMissing {
  return (hypertable, feature, needs) => {
    const fault = new MissingFeature(hypertable, feature, needs, spelledServer(server));
    if (onMissing === 'error') throw fault;
    if (onMissing === 'warn') warn(fault.message);
  };
}
