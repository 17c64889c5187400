export { emptyDatabase, testDatabase, type TestDatabase } from './test-database.ts';
export { testEdition, testServerUrl, type Edition } from './servers/test-server.ts';
export { lastingServer, ownServer, realServer, realServerOf } from './servers/own-server.ts';
export type { MortalServer, Server } from './servers/server.ts';
export { freePort } from './servers/free-port.ts';
export { silentLog } from './silent-log.ts';
export { documentedReasons } from './documented-reasons.ts';
