import { edges } from './edges.ts';
import { money } from './money.ts';
import { people } from './people.ts';
import { Refusal } from './refusal.ts';
import { secrets } from './secrets.ts';
import type { State } from './state.ts';

/** What each method must answer, in plain objects; it shares nothing with the service but the contract. */
const model = { ...people, ...edges, ...money, ...secrets };

export type Method = keyof typeof model;

/**
 * What the service must answer, and what it changes. The service chooses ids, etags, times and tokens: the model takes
 * those from what was seen where a new one is due, and insists on the old one where it is not.
 */
export function expected(state: State, method: Method, request: unknown, seen: unknown): unknown {
  try {
    return (model[method] as (state: State, request: unknown, seen: unknown) => unknown)(state, request, seen);
  } catch (error) {
    if (error instanceof Refusal) return error.outcome;
    throw error;
  }
}
