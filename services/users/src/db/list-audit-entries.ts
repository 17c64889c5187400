import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditEntry } from '../domain/audit-entry.ts';
import type { AuditList } from '../domain/audit-list.ts';
import { AuditEntryEntity } from './audit-entry-entity.ts';
import { MicrosType } from './micros-type.ts';

export interface ListedEntry extends AuditEntry {
  readonly number: bigint;
}

/** The time and the number of the last one of a page. */
export type AuditCursor = readonly string[];

const time = new MicrosType();

/** A page by keyset. */
export async function listAuditEntries(
  em: EntityManager,
  { userId, actor, action, start, endExclusive, descending }: AuditList,
  pageSize: number,
  after: AuditCursor | undefined,
): Promise<{ entries: ListedEntry[]; more: boolean }> {
  const [beyond, direction] = descending ? ['<', 'desc' as const] : ['>', 'asc' as const];
  const query = em.createQueryBuilder(AuditEntryEntity, 'e').select('*');
  if (userId !== '') query.andWhere({ userId });
  if (actor !== '') query.andWhere({ actor });
  if (action) query.andWhere({ action });
  if (start !== undefined) query.andWhere('e.time >= ?::timestamptz', [time.convertToDatabaseValue(start)]);
  if (endExclusive !== undefined)
    query.andWhere('e.time < ?::timestamptz', [time.convertToDatabaseValue(endExclusive)]);
  if (after) query.andWhere(`(e.time, e.number) ${beyond} (?::timestamptz, ?::bigint)`, [...after]);
  // One more than asked tells whether there is another page.
  const rows = await query
    .orderBy({ time: direction, number: direction })
    .limit(pageSize + 1)
    .getResultList();
  return { entries: rows.slice(0, pageSize).map(entryOf), more: rows.length > pageSize };
}

export function cursorOf({ time: at, number }: ListedEntry): AuditCursor {
  return [time.convertToDatabaseValue(at), String(number)];
}

function entryOf(row: {
  number: bigint;
  time: number;
  actor: string;
  action: AuditEntry['action'];
  userId?: string | null | undefined;
  details: AuditEntry['details'];
}): ListedEntry {
  const { number, time: at, actor, action, userId, details } = row;
  return { number, time: at, actor, action, userId: userId ?? null, details };
}
