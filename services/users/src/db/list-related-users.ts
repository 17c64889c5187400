import type { EntityManager } from '@mikro-orm/postgresql';
import type { Micros } from '../domain/clock.ts';
import type { RelatedList } from '../domain/related-list.ts';
import type { User } from '../domain/user.ts';
import { findUsers } from './find-users.ts';
import { MicrosType } from './micros-type.ts';

export interface RelatedUser {
  readonly user: User;
  readonly since: Micros;
}

export interface RelatedPage {
  readonly related: RelatedUser[];
  /** Whether there is another page. */
  readonly more: boolean;
  /** What the next page begins after. */
  readonly end: RelatedCursor | undefined;
}

/** The time and the id of the last one of a page. */
export type RelatedCursor = readonly string[];

interface Row {
  id: string;
  since: string;
}

const sides = {
  followers: { table: 'users.follows', of: 'followee_id', other: 'follower_id' },
  following: { table: 'users.follows', of: 'follower_id', other: 'followee_id' },
  blocked: { table: 'users.blocks', of: 'blocker_id', other: 'blocked_id' },
} as const;

const time = new MicrosType();

/** A page of them, the latest first; deleted users are left out. */
export async function listRelatedUsers(
  em: EntityManager,
  { userId, which }: RelatedList,
  pageSize: number,
  after: RelatedCursor | undefined,
): Promise<RelatedPage> {
  const { table, of, other } = sides[which];
  // One more than asked tells whether there is another page.
  const rows = await em.execute<Row[]>(
    `select edge.${other} as id, edge.create_time::text as since
     from ${table} edge
     join users.users u on u.id = edge.${other} and u.state <> 'DELETED'
     where edge.${of} = ? ${after ? `and (edge.create_time, edge.${other}) < (?::timestamptz, ?::uuid)` : ''}
     order by edge.create_time desc, edge.${other} desc
     limit ?`,
    [userId, ...(after ?? []), pageSize + 1],
  );
  const page = rows.slice(0, pageSize);
  const users = await findUsers(
    em,
    page.map(({ id }) => id),
  );
  const related = page.flatMap(({ id, since }) => {
    const user = users.get(id);
    return user ? { user, since: time.convertToJSValue(since) } : [];
  });
  const last = page.at(-1);
  return { related, more: rows.length > pageSize, end: last && [last.since, last.id] };
}

export function cursorOf({ user, since }: RelatedUser): RelatedCursor {
  return [time.convertToDatabaseValue(since), user.id];
}
