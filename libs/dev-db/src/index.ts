export { DataDirLocked, NotRunning, PortTaken, StartFailed } from './faults.ts';
export { start, type DevDatabase, type DevDatabaseEvent, type DevDatabaseOptions } from './start.ts';
