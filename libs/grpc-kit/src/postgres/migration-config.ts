import {
  readDatabaseUrl,
  readDatabaseWait,
  readLogLevel,
  readServicePassword,
  type Environment,
} from '../environment.ts';
import { readRegime, type Regime } from './regime.ts';

/** What the migrations of every service are told by their environment. */
export interface MigrationConfig {
  readonly databaseUrl: string;
  /** How long to wait for the database to be there. */
  readonly databaseWaitMs: number;
  readonly regime: Regime;
  /** Undefined: the service's role is left as it is. */
  readonly servicePassword: string | undefined;
  readonly logLevel: string;
}

export function migrationConfigOf(env: Environment): MigrationConfig {
  return {
    databaseUrl: readDatabaseUrl(env),
    databaseWaitMs: readDatabaseWait(env),
    regime: readRegime(env),
    servicePassword: readServicePassword(env),
    logLevel: readLogLevel(env),
  };
}
