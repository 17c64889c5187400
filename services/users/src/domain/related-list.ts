import { at, together } from './fields.ts';
import { parsePageSize } from './page-size.ts';
import { parseUuid } from './uuid.ts';

/** Whose relations, and which: what a page token is bound to. */
export interface RelatedList {
  readonly which: 'followers' | 'following' | 'blocked';
  readonly userId: string;
}

export function parseRelatedList(
  which: RelatedList['which'],
  input: { readonly userId: string; readonly pageSize: number },
): { list: RelatedList; pageSize: number } {
  const { userId, pageSize } = together({
    userId: at('user_id', () => parseUuid(input.userId)),
    pageSize: at('page_size', () => parsePageSize(input.pageSize)),
  });
  return { list: { which, userId }, pageSize };
}
