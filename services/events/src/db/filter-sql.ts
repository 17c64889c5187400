import type { EventFilter } from '../domain/event-filter.ts';
import type { TimeRange } from '../domain/time-range.ts';
import { timestamptz } from './timestamptz.ts';

/** The values of a statement, in the order of their placeholders. */
export class Parameters {
  readonly values: unknown[] = [];

  /** The placeholder of a further value. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

/** The condition that an event lies in the range and meets the filter. */
export function whereSql(range: TimeRange, filter: EventFilter, parameters: Parameters): string {
  return [
    `time >= ${parameters.add(timestamptz(range.start))}::timestamptz`,
    `time < ${parameters.add(timestamptz(range.end))}::timestamptz`,
    ...conditionsSql(filter, parameters),
  ].join(' AND ');
}

/** What an event has to meet for the filter. */
export function conditionsSql(filter: EventFilter, parameters: Parameters): string[] {
  const value = (given: string): string => `${parameters.add(given)}::text`;
  const conditions: string[] = [];
  if (filter.page !== undefined) conditions.push(`page = ${value(filter.page)}`);
  if (filter.pagePrefix !== undefined) conditions.push(`starts_with(page, ${value(filter.pagePrefix)})`);
  if (filter.referrer !== undefined) conditions.push(`referrer = ${value(filter.referrer)}`);
  if (filter.sessionId !== undefined) conditions.push(`session_id = ${value(filter.sessionId)}`);
  if (filter.userId !== undefined) conditions.push(`user_id = ${value(filter.userId)}`);
  if (filter.userAgentContains !== undefined) {
    conditions.push(`strpos(lower(user_agent), lower(${value(filter.userAgentContains)})) > 0`);
  }
  if (filter.excludeBots) conditions.push('NOT is_bot');
  for (const [name, json] of filter.properties ?? []) {
    conditions.push(`properties -> ${value(name)} = ${parameters.add(json)}::jsonb`);
  }
  return conditions;
}
