import { isDeepStrictEqual } from 'node:util';
import { expected, type Method } from './model.ts';
import { normalAtOnce } from './normal.ts';
import type { State } from './state.ts';

/** A call that was made, and what came of it. */
export interface Made {
  readonly method: Method;
  readonly request: unknown;
  readonly seen: unknown;
}

/** What the model is after the calls, for each order of them in which it answers as was seen; none: there is no such. */
export function explanations(before: readonly State[], calls: readonly Made[]): State[] {
  const after = before.flatMap((state) => orders(calls).flatMap((order) => afterAll(state, order) ?? []));
  return after.filter((state, place) => after.findIndex((other) => isSame(state, other)) === place);
}

/** undefined where an answer is not the model's. */
function afterAll(before: State, calls: readonly Made[]): State | undefined {
  const state = structuredClone(before);
  const agree = calls.every(({ method, request, seen }) =>
    isDeepStrictEqual(normalAtOnce(seen), normalAtOnce(expected(state, method, request, seen))),
  );
  return agree ? state : undefined;
}

function orders<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, place) => orders(items.toSpliced(place, 1)).map((rest) => [first, ...rest]));
}

/** Whether two differ in nothing that an answer could tell. */
function isSame(a: State, b: State): boolean {
  return isDeepStrictEqual(normalAtOnce(inOrder(a)), normalAtOnce(inOrder(b)));
}

function inOrder({ people, accounts, audit, ...others }: State): unknown {
  return { ...others, people: byId(people), accounts: byId(accounts), entries: audit };
}

function byId<T extends { id: string }>(things: readonly T[]): T[] {
  return things.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
