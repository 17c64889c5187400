/** Messages made here, in the PostgreSQL wire protocol, version 3. */

/** The byte that a message begins with. */
export function typeOf(message: Buffer): number {
  return message[0] ?? 0;
}

export function query(sql: string): Buffer {
  return message('Q', cString(sql));
}

export const SYNC = message('S');

/** A Parse that fails: what was not yet committed by a Sync is rolled back. */
export const ABORT = message('P', cString(''), cString('the client went away'), Buffer.alloc(2));

export function copyFail(reason: string): Buffer {
  return message('f', cString(reason));
}

export function ready(status: 'I' | 'T' | 'E'): Buffer {
  return message('Z', Buffer.from(status));
}

export function errorResponse(severity: 'ERROR' | 'FATAL', code: string, text: string, hint?: string): Buffer {
  const fields = [`S${severity}`, `V${severity}`, `C${code}`, `M${text}`, ...(hint === undefined ? [] : [`H${hint}`])];
  return message('E', ...fields.map(cString), Buffer.of(0));
}

export const AUTHENTICATION_OK = message('R', int32(0));

export function backendKey(pid: number, secret: number): Buffer {
  return message('K', int32(pid), int32(secret));
}

export function parameterStatus(name: string, value: string): Buffer {
  return message('S', cString(name), cString(value));
}

/** Says that 3.0 is spoken, and which protocol options were not understood. */
export function negotiateVersion(unknownOptions: string[]): Buffer {
  return message('v', int32(0), int32(unknownOptions.length), ...unknownOptions.map(cString));
}

export function notification(pid: number, channel: string, payload: string): Buffer {
  return message('A', int32(pid), cString(channel), cString(payload));
}

export function message(type: string, ...parts: Buffer[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4);
  return Buffer.concat([Buffer.from(type), int32(length), ...parts]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
}

export function cString(text: string): Buffer {
  return Buffer.from(`${text.replaceAll('\0', '')}\0`);
}
