import { Type } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';

/**
 * A timestamptz as microseconds since 1970. A Date takes part in whole seconds only, since it would lose the last three
 * digits.
 */
export class MicrosType extends Type<Micros, string> {
  override convertToDatabaseValue(time: Micros): string {
    // MikroORM also asks for the database's form of what it has already converted, and of null.
    if (typeof time !== 'number') return time;
    const seconds = Math.floor(time / 1_000_000);
    const fraction = String(time - seconds * 1_000_000).padStart(6, '0');
    return `${new Date(seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
  }

  override convertToJSValue(text: string): Micros {
    if (typeof text !== 'string') return text;
    const [, date, time, fraction = '', offset] = form.exec(text) ?? [];
    if (offset === undefined) throw new Error(`not a time in PostgreSQL's ISO style: ${text}`);
    const seconds = Date.parse(`${date}T${time}${offset.length === 3 ? `${offset}:00` : offset}`) / 1_000;
    return seconds * 1_000_000 + Number(fraction.padEnd(6, '0'));
  }

  override getColumnType(): string {
    return 'timestamptz(6)';
  }

  override compareAsType(): string {
    return 'number';
  }
}

// PostgreSQL's own ISO style, in any time zone: "2026-01-31 09:30:00.123456+00".
const form = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(Z|[+-]\d\d(?::\d\d)?)$/;
