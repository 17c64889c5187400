import type { NewEvent } from '../domain/event.ts';
import { groupsOf } from '../domain/ip-address.ts';
import type { Micros } from '../domain/micros.ts';

/** The columns of a row, in the order in which it is written. */
export const copiedColumns =
  'time, id, received_time, page, user_agent, ip_address, referrer, session_id, user_id, duration_us, properties, ' +
  'is_bot, original_time, batch_id';
const columnCount = 14;

/**
 * Events in the binary format of COPY, which spares the server the reading of times, UUIDs and numbers as text.
 * https://www.postgresql.org/docs/17/sql-copy.html, "Binary Format"; each type as its receive function reads it.
 */
export function copyRows(events: readonly NewEvent[], batchId: bigint): Buffer {
  const rows = new Rows(events.length * usualRowBytes);
  rows.header();
  for (const event of events) {
    rows.row(columnCount);
    rows.time(event.time);
    rows.uuid(event.id);
    rows.time(event.receivedTime);
    rows.text(event.page);
    rows.text(event.userAgent);
    rows.inet(event.ipAddress);
    rows.text(event.referrer);
    rows.text(event.sessionId);
    rows.text(event.userId);
    rows.int8(event.duration);
    rows.jsonb(event.properties);
    rows.bool(event.isBot);
    rows.time(event.originalTime);
    rows.bigint(batchId);
  }
  return rows.end();
}

const usualRowBytes = 400;
const mostBytesOfFixed = 64;
const signature = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** 2000-01-01, from which PostgreSQL counts. */
const epoch: Micros = Date.UTC(2000, 0, 1) * 1_000;
const twoTo32 = 4_294_967_296;

class Rows {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafeSlow(size + 1_024);
    this.#view = new DataView(this.#bytes.buffer);
  }

  header(): void {
    this.#at += signature.copy(this.#bytes);
    this.#int32(0);
    this.#int32(0);
  }

  row(columns: number): void {
    this.#reserve(0);
    this.#view.setInt16(this.#at, columns);
    this.#at += 2;
  }

  time(time: Micros | null): void {
    this.int8(time === null ? null : time - epoch);
  }

  /** @param value a safe integer */
  int8(value: number | null): void {
    if (value === null) {
      this.#int32(-1);
      return;
    }
    this.#int32(8);
    const high = Math.floor(value / twoTo32);
    this.#view.setInt32(this.#at, high);
    this.#view.setUint32(this.#at + 4, value - high * twoTo32);
    this.#at += 8;
  }

  bigint(value: bigint): void {
    this.#int32(8);
    this.#view.setBigInt64(this.#at, value);
    this.#at += 8;
  }

  bool(value: boolean): void {
    this.#int32(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  uuid(id: string): void {
    this.#int32(16);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < 36; index += 2) {
      if (index === 8 || index === 13 || index === 18 || index === 23) index += 1;
      bytes[at++] = (digit(id.charCodeAt(index)) << 4) | digit(id.charCodeAt(index + 1));
    }
    this.#at = at;
  }

  text(text: string | null): void {
    if (text === null) {
      this.#int32(-1);
      return;
    }
    this.#reserve(text.length * 3);
    const length = this.#bytes.write(text, this.#at + 4);
    this.#int32(length);
    this.#at += length;
  }

  jsonb(json: string | null): void {
    if (json === null) {
      this.#int32(-1);
      return;
    }
    this.#reserve(json.length * 3);
    const length = this.#bytes.write(json, this.#at + 5);
    this.#int32(length + 1);
    this.#bytes[this.#at] = jsonbVersion;
    this.#at += length + 1;
  }

  inet(address: string | null): void {
    if (address === null) this.#int32(-1);
    else if (address.includes(':')) this.#inet6(address);
    else this.#inet4(address);
  }

  end(): Buffer {
    this.#reserve(2);
    this.#view.setInt16(this.#at, -1);
    return this.#bytes.subarray(0, this.#at + 2);
  }

  #inet4(address: string): void {
    this.#int32(8);
    this.#inetHead(inetFamily, 4);
    let byte = 0;
    for (let index = 0; index < address.length; index++) {
      const code = address.charCodeAt(index);
      if (code !== dot) byte = byte * 10 + code - zero;
      else {
        this.#bytes[this.#at++] = byte;
        byte = 0;
      }
    }
    this.#bytes[this.#at++] = byte;
  }

  #inet6(address: string): void {
    this.#int32(20);
    this.#inetHead(inet6Family, 16);
    for (const group of groupsOf(address)) {
      this.#view.setUint16(this.#at, parseInt(group, 16));
      this.#at += 2;
    }
  }

  #inetHead(family: number, length: number): void {
    const bytes = this.#bytes;
    bytes[this.#at++] = family;
    bytes[this.#at++] = length * 8;
    bytes[this.#at++] = isNoCidr;
    bytes[this.#at++] = length;
  }

  #int32(value: number): void {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  /** Room for this and for all fixed fields of a row. */
  #reserve(size: number): void {
    const needed = this.#at + size + columnCount * mostBytesOfFixed;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

const dot = 0x2e;
const zero = 0x30;
const jsonbVersion = 1;
const isNoCidr = 0;
// PGSQL_AF_INET and PGSQL_AF_INET6 in src/include/utils/inet.h
const inetFamily = 2;
const inet6Family = 3;

/** @param code of a hexadecimal digit in lower case */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}
