import { auditActions, type AuditAction } from './audit-entry.ts';
import type { Micros } from './clock.ts';
import { at, BadValue, InvalidFields, together } from './fields.ts';
import { parsePageSize } from './page-size.ts';
import { parseText } from './text.ts';
import { parseUuid } from './uuid.ts';

/** Which entries, in which order: what a page token is bound to. */
export interface AuditList {
  /** Empty: to anybody. */
  readonly userId: string;
  /** Empty: by anybody. */
  readonly actor: string;
  readonly action: AuditAction | undefined;
  readonly start: Micros | undefined;
  readonly endExclusive: Micros | undefined;
  readonly descending: boolean;
}

export interface AuditListInput {
  readonly userId: string;
  readonly actor: string;
  readonly action: string;
  /** Throws a BadValue for a malformed one. */
  readonly start: () => Micros | undefined;
  readonly end: () => Micros | undefined;
  readonly orderBy: string;
  readonly pageSize: number;
}

export function parseAuditList(input: AuditListInput): { list: AuditList; pageSize: number } {
  const { pageSize, ...list } = together({
    userId: at('user_id', () => (input.userId === '' ? '' : parseUuid(input.userId))),
    actor: at('actor', () => parseText(input.actor)),
    action: at('action', () => parseAction(input.action)),
    start: at('start', input.start),
    endExclusive: at('end', input.end),
    descending: at('order_by', () => parseOrder(input.orderBy)),
    pageSize: at('page_size', () => parsePageSize(input.pageSize)),
  });
  if (list.start !== undefined && list.endExclusive !== undefined && list.endExclusive < list.start) {
    throw new InvalidFields([{ field: 'end', description: 'must not be before start' }]);
  }
  return { list, pageSize };
}

function parseAction(text: string): AuditAction | undefined {
  if (text === '') return undefined;
  const action = auditActions.find((known) => known === text);
  if (!action) throw new BadValue('must be the name of an action, such as USER_CREATED');
  return action;
}

function parseOrder(text: string): boolean {
  if (text === '') return true;
  const [, desc] = /^ *time( +desc)? *$/.exec(text) ?? [];
  if (!/^ *time( +desc)? *$/.test(text)) throw new BadValue('must be "time" or "time desc"');
  return desc !== undefined;
}
