import type { EventRetention } from './event-retention.ts';
import type { CreatedTimescale } from './timescale-server.ts';

/** What the events are kept on, and what the service does differently for that, in one line for the log. */
export function descriptionOf(server: CreatedTimescale, retention: EventRetention | undefined): string {
  const { postgres, version, available, edition } = server;
  const outdated = available === undefined || available === version ? '' : ` (the server has ${available})`;
  const editionName = edition === 'apache' ? 'Apache' : 'community';
  return `TimescaleDB ${version}${outdated}, ${editionName} edition, on PostgreSQL ${postgres}: ${retentionOf(retention)}`;
}

function retentionOf(retention: EventRetention | undefined): string {
  if (!retention) return 'events are kept for ever';
  const { by, text } = retention;
  return by === 'policy'
    ? `events are kept for ${text}, by a policy of the database`
    : `events are kept for ${text}, by a job of this service since there is no policy for it, and none in columns; all else is the same`;
}
