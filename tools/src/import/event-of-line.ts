import { isIP } from 'node:net';
import type { Event } from '@tidemark/contracts/events';
import { timestampOf } from '@tidemark/grpc-kit';
import { eventId } from './event-id.ts';
import type { AccessLogEntry } from './parse-access-log.ts';
import { visitId } from './visit-id.ts';

export interface EventSource {
  /** The line's place in its file. */
  number: number;
  bytes: Buffer;
  entry: AccessLogEntry;
  /** Which server wrote it; empty: not told. */
  source: string;
  /** Whole days that its time is moved by. */
  shiftMs: number;
}

/** The page view that a line of an access log tells of. */
export function eventOfLine({ number, bytes, entry, source, shiftMs }: EventSource): Event {
  const timeMs = entry.timeMs + shiftMs;
  // The zone of a link-local address ("fe80::1%eth0") means nothing beyond the server that logged it.
  const address = entry.host?.replace(/%.*/, '') ?? '';
  const isAddress = isIP(address) !== 0;
  const userAgent = entry.userAgent ?? '';
  return {
    id: eventId({ timeMs, number, bytes, source }),
    time: timestampOf(timeMs * 1_000),
    page: entry.target,
    userAgent,
    ipAddress: isAddress ? address : '',
    referrer: entry.referrer ?? '',
    sessionId: visitId({ host: entry.host ?? '', userAgent, timeMs }),
    userId: entry.user ?? '',
    duration: undefined,
    properties: propertiesOf(entry, isAddress),
    // The service's to say.
    receivedTime: undefined,
    isBot: false,
    originalTime: undefined,
  };
}

function propertiesOf(entry: AccessLogEntry, isAddress: boolean): Record<string, string | number> {
  const properties: Record<string, string | number> = {};
  if (entry.method !== undefined) properties['method'] = entry.method;
  if (entry.status !== undefined) properties['status'] = entry.status;
  if (entry.bytes !== undefined) properties['bytes'] = entry.bytes;
  if (entry.protocol !== undefined) properties['protocol'] = entry.protocol;
  if (entry.host !== undefined && !isAddress) properties['host'] = entry.host;
  return properties;
}
