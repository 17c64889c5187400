import type { Dimension } from '../domain/dimension.ts';
import type { Parameters } from './filter-sql.ts';

/** The value of a dimension as text; empty where an event has none, so that groups can be compared with `=`. */
export function dimensionSql(dimension: Dimension, parameters: Parameters): string {
  if ('property' in dimension) return `coalesce(properties ->> ${parameters.add(dimension.property)}::text, '')`;
  return columns[dimension.field];
}

const columns = {
  page: 'page',
  referrer: `coalesce(referrer, '')`,
  userAgent: `coalesce(user_agent, '')`,
  session: `coalesce(session_id, '')`,
  user: `coalesce(user_id, '')`,
} as const;
