export type { TestDatabase } from './test-database.ts';
export { testDatabase } from './test-database.ts';
export { emptyDatabase } from './empty-database.ts';
export { silentLog } from './silent-log.ts';
export { documentedReasons } from './documented-reasons.ts';
