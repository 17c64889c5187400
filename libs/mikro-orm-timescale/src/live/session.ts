import type { AbstractSqlConnection, EntityManager } from '@mikro-orm/postgresql';
import { capabilitiesOf, spelledServer, type Capabilities } from '../catalog/capabilities.ts';
import { locate, type Located } from '../catalog/locate.ts';
import { MissingFeature } from '../faults.ts';
import type { QualifiedName } from '../state/hypertable-state.ts';
import { NotThere, NoTimescale } from './faults.ts';

/** Where statements go. */
export interface Session {
  connection: AbstractSqlConnection;
  /** The transaction that is open on the entity manager, if there is one. */
  ctx: OpenTransaction | undefined;
  /** The schema of the extension. */
  functions: string;
  server: Capabilities;
}

export type OpenTransaction = NonNullable<NonNullable<Parameters<AbstractSqlConnection['transactional']>[1]>['ctx']>;

/**
 * @param feature for the message, such as `stats()`
 * @throws NoTimescale
 */
export async function sessionOf(em: EntityManager, feature: string): Promise<Session> {
  const connection: AbstractSqlConnection = em.getDriver().getConnection();
  const ctx = em.getTransactionContext<OpenTransaction>();
  const server = await capabilitiesOf(connection, ctx);
  if (server.schema === undefined) throw new NoTimescale(feature, server.available);
  return { connection, ctx, functions: server.schema, server };
}

/** @throws MissingFeature in the Apache edition */
export function needsCommunity({ server }: Session, hypertable: string, feature: string): void {
  if (server.edition === 'community') return;
  throw new MissingFeature(hypertable, feature, 'the community edition of TimescaleDB', spelledServer(server));
}

/** @throws NotThere */
export async function hypertableAt({ connection, ctx }: Session, wanted: QualifiedName): Promise<Located> {
  const found = await locate(connection, wanted, ctx);
  if (typeof found === 'object') return found;
  throw found === 'other'
    ? new NotThere(`${spelled(wanted)} is no hypertable`, 'declare it with hypertable() and migrate')
    : new NotThere(`There is no table ${spelled(wanted)}`, 'migrate, or name its schema with { schema }');
}

/** As messages have it. */
export function spelled({ schema, name }: QualifiedName): string {
  return `${schema}.${name}`;
}
