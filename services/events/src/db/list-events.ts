import type pg from 'pg';
import type { StoredEvent } from '../domain/event.ts';
import type { EventList } from '../domain/event-list.ts';
import { eventColumns, eventOfRow, type EventRow } from './event-row.ts';
import { Parameters, whereSql } from './filter-sql.ts';
import { query } from './query.ts';
import { timestamptz } from './timestamptz.ts';

/** A page of events and whether there are more after it. */
export async function listEvents(
  pool: pg.Pool,
  signal: AbortSignal,
  asked: EventList,
): Promise<{ events: StoredEvent[]; more: boolean }> {
  const parameters = new Parameters();
  const direction = asked.descending ? 'DESC' : 'ASC';
  const statement = `
    SELECT ${eventColumns}
    FROM events.events
    WHERE ${whereSql(asked.range, asked.filter, parameters)} ${afterSql(asked, parameters)}
    ORDER BY time ${direction}, id ${direction}
    LIMIT ${parameters.add(asked.pageSize + 1)}`;
  const rows = await query<EventRow>(pool, signal, statement, parameters.values);
  return { events: rows.slice(0, asked.pageSize).map(eventOfRow), more: rows.length > asked.pageSize };
}

// The comparison of time alone says nothing new, but lets TimescaleDB leave out chunks, which a row's does not.
function afterSql({ after, descending }: EventList, parameters: Parameters): string {
  if (!after) return '';
  const time = `${parameters.add(timestamptz(after.time))}::timestamptz`;
  const id = `${parameters.add(after.id)}::uuid`;
  return descending
    ? `AND time <= ${time} AND (time, id) < (${time}, ${id})`
    : `AND time >= ${time} AND (time, id) > (${time}, ${id})`;
}
