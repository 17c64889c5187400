import { isIPv4 } from 'node:net';
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
  #at = 0;

  constructor(size: number) {
    this.#bytes = Buffer.allocUnsafe(size + 1_024);
  }

  header(): void {
    this.#at += signature.copy(this.#bytes);
    this.#int32(0);
    this.#int32(0);
  }

  row(columns: number): void {
    this.#reserve(columns * mostBytesOfFixed);
    this.#at = this.#bytes.writeInt16BE(columns, this.#at);
  }

  time(time: Micros | null): void {
    this.int8(time === null ? null : time - epoch);
  }

  /** @param value a safe integer */
  int8(value: number | null): void {
    if (value === null) {
      this.#null();
      return;
    }
    this.#int32(8);
    const high = Math.floor(value / twoTo32);
    this.#int32(high);
    this.#at = this.#bytes.writeUInt32BE(value - high * twoTo32, this.#at);
  }

  bigint(value: bigint): void {
    this.#int32(8);
    this.#at = this.#bytes.writeBigInt64BE(value, this.#at);
  }

  bool(value: boolean): void {
    this.#int32(1);
    this.#bytes[this.#at++] = value ? 1 : 0;
  }

  uuid(id: string): void {
    this.#int32(16);
    for (let index = 0; index < 36; index += 2) {
      if (id.charCodeAt(index) === hyphen) index += 1;
      this.#bytes[this.#at++] = (digit(id.charCodeAt(index)) << 4) | digit(id.charCodeAt(index + 1));
    }
  }

  text(text: string | null): void {
    if (text === null) {
      this.#null();
      return;
    }
    this.#reserve(text.length * 3);
    const length = this.#bytes.write(text, this.#at + 4);
    this.#int32(length);
    this.#at += length;
  }

  jsonb(json: string | null): void {
    if (json === null) {
      this.#null();
      return;
    }
    this.#reserve(json.length * 3);
    const length = this.#bytes.write(json, this.#at + 5);
    this.#int32(length + 1);
    this.#bytes[this.#at] = jsonbVersion;
    this.#at += length + 1;
  }

  inet(address: string | null): void {
    if (address === null) {
      this.#null();
      return;
    }
    const bytes = isIPv4(address) ? bytesOfIPv4(address) : bytesOfIPv6(address);
    this.#int32(4 + bytes.length);
    const family = bytes.length === 4 ? inetFamily : inet6Family;
    for (const byte of [family, bytes.length * 8, 0, bytes.length, ...bytes]) this.#bytes[this.#at++] = byte;
  }

  end(): Buffer {
    this.#reserve(2);
    this.#at = this.#bytes.writeInt16BE(-1, this.#at);
    return this.#bytes.subarray(0, this.#at);
  }

  #null(): void {
    this.#int32(-1);
  }

  #int32(value: number): void {
    this.#at = this.#bytes.writeInt32BE(value, this.#at);
  }

  /** Room for this and for all fixed fields of a row. */
  #reserve(size: number): void {
    const needed = this.#at + size + columnCount * mostBytesOfFixed;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

const hyphen = 0x2d;
const jsonbVersion = 1;
// PGSQL_AF_INET and PGSQL_AF_INET6 in src/include/utils/inet.h
const inetFamily = 2;
const inet6Family = 3;

/** @param code of a hexadecimal digit in lower case */
function digit(code: number): number {
  return code < 0x3a ? code - 0x30 : code - 0x57;
}

function bytesOfIPv4(address: string): number[] {
  return address.split('.').map(Number);
}

function bytesOfIPv6(address: string): number[] {
  return groupsOf(address).flatMap((group) => {
    const value = parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
