import { identifier, literal } from '../sql/target.ts';
import type { Policy } from './read-policies.ts';
import type { MovedTime } from './run-policies.ts';

/**
 * SQL for a configuration with which the policy does now what it would do at another time; undefined where the time does
 * not concern it. `now()` is the start of the transaction, for this expression and for the policy alike.
 */
export function movedConfig(policy: Policy, time: MovedTime): string | undefined {
  const moved = widths.flatMap((key) => {
    const sql = movedWidth(policy, policy.config[key], time);
    return sql === undefined ? [] : `${literal(key)}, ${sql}`;
  });
  if (moved.length === 0) return undefined;
  return `${literal(JSON.stringify(policy.config))}::jsonb || jsonb_build_object(${moved.join(', ')})`;
}

/** What policies count back from now. */
const widths = [
  'drop_after',
  'drop_created_before',
  'compress_after',
  'compress_created_before',
  'recompress_after',
  'start_offset',
  'end_offset',
];

function movedWidth({ columnType, integerNow }: Policy, width: unknown, time: MovedTime): string | undefined {
  if (typeof width === 'string' && time.now) return movedInterval(width, time.now, columnType);
  if (typeof width === 'number' && time.integerNow !== undefined && integerNow) {
    const now = `${identifier(integerNow.schema)}.${identifier(integerNow.name)}()::bigint`;
    return `${now} - (${time.integerNow}::bigint - ${width}::bigint)`;
  }
  return undefined;
}

/** In seconds: days would be counted by the calendar again, on other days. */
function movedInterval(width: string, now: Date, columnType: string): string {
  // TimescaleDB counts back on the clock of the session's time zone where the column has none.
  const type = ['date', 'timestamp without time zone'].includes(columnType) ? 'timestamp' : 'timestamptz';
  const boundary = `(${literal(now.toISOString())}::timestamptz::${type} - interval ${literal(width)})`;
  return `extract(epoch FROM now()::${type} - ${boundary}) || ' seconds'`;
}
