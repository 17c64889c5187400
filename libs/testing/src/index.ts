export { emptyDatabase, testDatabase, type TestDatabase } from './test-database.ts';
export { testEdition, testServerUrl, type Edition } from './test-server.ts';
export { silentLog } from './silent-log.ts';
export { documentedReasons } from './documented-reasons.ts';
