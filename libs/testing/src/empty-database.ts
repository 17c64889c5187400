import { start } from '@tidemark/dev-db';
import type { TestDatabase } from './test-database.ts';

/** A fresh database in memory, without any schema. */
export function emptyDatabase(): Promise<TestDatabase> {
  return start({ jobIntervalMs: false });
}
