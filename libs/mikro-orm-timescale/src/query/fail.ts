import type { EntityMetadata } from '@mikro-orm/core';
import { InvalidQuery } from '../faults.ts';

/** Ends a query that cannot be answered. */
export type Fail = (option: string, problem: string, remedy: string, cause?: unknown) => never;

export function failFor(meta: EntityMetadata): Fail {
  return (option, problem, remedy, cause) => {
    throw new InvalidQuery(meta.className, option, problem, remedy, cause);
  };
}
