import { rollupsRole } from './as-rollups-owner.ts';
import type { Change } from './hypertable-changes.ts';
import { serviceRole } from './pool.ts';

const create = 'create materialized view if not exists ';

/**
 * The same changes, those of the rollups last and as the role that owns them: TimescaleDB lets only a superuser give one
 * away. While it makes them, the role may create in the
 * schema, and make the trigger that some versions need to hear of changed events.
 */
export function rollupsByTheirOwner(changes: readonly Change[]): Change[] {
  const ofRollups = changes.filter(isOfRollup);
  if (ofRollups.length === 0) return [...changes];
  const safe = (sql: string): Change => ({ sql, safety: 'safe' });
  return [
    ...changes.filter((change) => !isOfRollup(change)),
    safe(`GRANT CREATE ON SCHEMA events TO ${rollupsRole}`),
    safe(`GRANT TRIGGER ON events.events TO ${rollupsRole}`),
    safe(`SET LOCAL ROLE ${rollupsRole}`),
    ...ofRollups.flatMap((change) => {
      if (!change.sql.startsWith(create)) return [change];
      const [view] = change.sql.slice(create.length).split(' ');
      return [change, safe(`GRANT SELECT ON ${view} TO ${serviceRole}`)];
    }),
    safe('RESET ROLE'),
    safe(`REVOKE TRIGGER ON events.events FROM ${rollupsRole}`),
    safe(`REVOKE CREATE ON SCHEMA events FROM ${rollupsRole}`),
  ];
}

function isOfRollup({ sql }: Change): boolean {
  return /"events"\."events_(hourly|daily)/.test(sql);
}
