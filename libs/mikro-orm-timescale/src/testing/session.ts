import { Configuration, PostgreSqlConnection, PostgreSqlDriver } from '@mikro-orm/postgresql';

/** One connection, which stays until it is closed; it does not keep the process alive. */
export class Session {
  readonly #connection: PostgreSqlConnection;

  private constructor(connection: PostgreSqlConnection) {
    this.#connection = connection;
  }

  static async open(url: string): Promise<Session> {
    const session = new Session(new PostgreSqlConnection(configurationFor(url)));
    try {
      await session.rows(
        `SELECT set_config(name, '0', false) FROM pg_settings
         WHERE name IN ('statement_timeout', 'lock_timeout', 'idle_session_timeout')`,
      );
    } catch (error) {
      await session.close();
      throw error;
    }
    return session;
  }

  rows<Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> {
    return this.#connection.execute<Row[]>(sql, parameters);
  }

  close(): Promise<void> {
    return this.#connection.close(true);
  }
}

function configurationFor(url: string): Configuration {
  return new Configuration(
    {
      driver: PostgreSqlDriver,
      clientUrl: url,
      pool: { min: 0, max: 1, idleTimeoutMillis: 0 },
      driverOptions: { allowExitOnIdle: true },
      // A server that goes away ends the tests with errors of their own.
      logger: () => undefined,
    },
    false,
  );
}
