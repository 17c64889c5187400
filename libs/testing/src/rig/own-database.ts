import { randomUUID } from 'node:crypto';
import { withConnection } from '@tidemark/grpc-kit/postgres';
import { ownServer } from '../servers/own-server.ts';

export interface OwnDatabase {
  readonly url: string;
  /** Drops it. */
  stop(): Promise<void>;
}

/**
 * An empty database: on the server of `serverUrl`, whose user may create databases; without one, on a server that is
 * started for it, the embedded one where no other can be.
 */
export async function ownDatabase(serverUrl: string | undefined, name: string): Promise<OwnDatabase> {
  if (serverUrl === undefined) return ownServer();
  const unique = `${name}_${randomUUID().replaceAll('-', '')}`;
  const onServer = (statement: string): Promise<unknown> =>
    withConnection({ connectionString: serverUrl }, (client) => client.query(statement));
  await onServer(`CREATE DATABASE ${unique}`);
  const url = new URL(serverUrl);
  url.pathname = `/${unique}`;
  return {
    url: url.href,
    async stop() {
      await onServer(`DROP DATABASE ${unique} WITH (FORCE)`);
    },
  };
}
