import { at, InvalidFields, inOrder } from './fields.ts';
import { parseUuid } from './uuid.ts';

const maxIds = 1_000;

export function parseUserId(id: string): string {
  return at('id', () => parseUuid(id))();
}

/** As many as are given, in the same order. */
export function parseUserIds(ids: readonly string[]): string[] {
  if (ids.length > maxIds) {
    throw new InvalidFields([
      { field: 'ids', description: `must be at most ${maxIds.toLocaleString('en')}: ask in several calls` },
    ]);
  }
  return inOrder(ids.map((id, index) => at(`ids[${index}]`, () => parseUuid(id))));
}
