import { AuditEntry, type ListAuditEntriesRequest, type ListAuditEntriesResponse } from '@tidemark/contracts/users';
import { itemsThatFit, MalformedTime, microsOfTimestamp, timestampOf, type UnaryHandler } from '@tidemark/grpc-kit';
import * as db from '../db/list-audit-entries.ts';
import { parseAuditList } from '../domain/audit-list.ts';
import type { Micros } from '../domain/clock.ts';
import { BadValue } from '../domain/fields.ts';
import type { Dependencies } from './dependencies.ts';

export function listAuditEntries({
  database,
  pageTokens,
}: Dependencies): UnaryHandler<ListAuditEntriesRequest, ListAuditEntriesResponse> {
  return async (request, { signal }) => {
    const { list, pageSize } = parseAuditList({
      ...request,
      start: () => timeOf(request.start),
      end: () => timeOf(request.end),
    });
    const after = pageTokens.read(request.pageToken, list);
    const { entries, more } = await db.listAuditEntries(database.session(signal), list, pageSize, after);
    const page = itemsThatFit(entries.map(entryMessage), (message) => AuditEntry.encode(message).finish().length);
    const last = entries[page.length - 1];
    const next = last && (more || page.length < entries.length) ? db.cursorOf(last) : undefined;
    return { entries: [...page], nextPageToken: next ? pageTokens.write(next, list) : '' };
  };
}

// PostgreSQL keeps times from 4713 BC on; nobody asks for those.
const earliest: Micros = 0;
const latest: Micros = Date.UTC(9999, 11, 31) * 1_000;

function timeOf(timestamp: ListAuditEntriesRequest['start']): Micros | undefined {
  if (!timestamp) return undefined;
  try {
    return Math.min(Math.max(microsOfTimestamp(timestamp), earliest), latest);
  } catch (error) {
    if (error instanceof MalformedTime) throw new BadValue(error.message);
    throw error;
  }
}

function entryMessage({ number, time, actor, action, userId, details }: db.ListedEntry): AuditEntry {
  return { id: String(number), time: timestampOf(time), actor, action, userId: userId ?? '', details: { ...details } };
}
