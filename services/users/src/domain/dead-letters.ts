import type { Micros } from './clock.ts';
import { at, BadValue, InvalidFields, together } from './fields.ts';
import { outboxKinds, type OutboxKind } from './outbox.ts';
import { parsePageSize } from './page-size.ts';

/** A message that is tried no more, and that its lane stands still for. */
export interface DeadLetter {
  readonly id: bigint;
  readonly kind: OutboxKind;
  readonly lane: string;
  readonly attempts: number;
  readonly lastError: string;
  readonly createTime: Micros;
  readonly deadTime: Micros;
}

/** Which dead letters: what a page token is bound to. */
export interface DeadLetterList {
  readonly kinds: readonly OutboxKind[];
}

/** undefined: a kind that this version does not know. */
type KindInput = OutboxKind | 'ANY' | undefined;

export function parseDeadLetterList(input: { kind: KindInput; pageSize: number }): {
  list: DeadLetterList;
  pageSize: number;
} {
  const { kinds, pageSize } = together({
    kinds: at('kind', () => parseKinds(input.kind)),
    pageSize: at('page_size', () => parsePageSize(input.pageSize)),
  });
  return { list: { kinds }, pageSize };
}

/** Which dead letters to try again: these, or all of a kind. */
export type Retry = { readonly ids: readonly bigint[] } | { readonly kind: OutboxKind };

const maxIds = 1_000;

export function parseRetry({ ids, kind }: { ids: readonly bigint[]; kind: KindInput }): Retry {
  if (kind === 'ANY') return { ids: at('ids', () => parseIds(ids))() };
  const [known] = at('kind', () => parseKinds(kind))();
  if (known === undefined || ids.length > 0) {
    throw new InvalidFields([
      { field: 'ids', description: 'must be empty where a kind is given: give one of the two' },
    ]);
  }
  return { kind: known };
}

function parseKinds(kind: KindInput): readonly OutboxKind[] {
  if (kind === undefined) throw new BadValue(`must be one of ${outboxKinds.join(', ')}, or not given`);
  return kind === 'ANY' ? outboxKinds : [kind];
}

function parseIds(ids: readonly bigint[]): readonly bigint[] {
  if (ids.length === 0) throw new BadValue('must hold at least one, or give a kind instead');
  if (ids.length > maxIds) throw new BadValue(`must hold at most ${maxIds.toLocaleString('en')}`);
  return ids;
}
