import type { Engine } from './engine/engine.ts';
import type { Connection } from './wire/connection.ts';

/**
 * Temporary tables that outlive a transaction. All connections share the backend's temporary schema, so a connection's
 * tables stand there under their names only while it has the backend, and under numbers while others do.
 */
export class TemporaryTables {
  readonly #engine: Engine;
  readonly #makers = new Set<Connection>();
  readonly #hidden = new Map<Connection, Hidden>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  heard(connection: Connection, sql: string): void {
    if (/\btemp/i.test(sql)) this.#makers.add(connection);
  }

  /** Whether names have to change when the backend goes from the one to the other. */
  concerns(last: Connection | undefined, next: Connection | undefined): boolean {
    return (last !== undefined && this.#makers.has(last)) || (next !== undefined && this.#hidden.has(next));
  }

  async exchange(last: Connection | undefined, next: Connection | undefined): Promise<void> {
    if (last && this.#makers.has(last)) await this.#hide(last);
    const hidden = next && this.#hidden.get(next);
    if (!next || !hidden) return;
    this.#hidden.delete(next);
    await this.#engine.do(show('pg_class', 'relname', hidden.relations) + show('pg_type', 'typname', hidden.types));
  }

  /** The connection has ended: its tables do too. */
  async drop(connection: Connection): Promise<void> {
    this.#makers.delete(connection);
    const hidden = this.#hidden.get(connection);
    this.#hidden.delete(connection);
    if (!hidden) return;
    const rows = await this.#engine.do(
      `SELECT format('DROP %s IF EXISTS %s CASCADE', kind, oid::regclass)
       FROM pg_class JOIN (VALUES ('r', 'TABLE'), ('p', 'TABLE'), ('v', 'VIEW'), ('S', 'SEQUENCE')) k (letter, kind) ON letter = relkind::text
       WHERE oid IN (${[...hidden.relations.keys()].join()}) ORDER BY kind = 'SEQUENCE'`,
    );
    for (const [drop] of rows as [string][]) await this.#engine.do(drop);
  }

  async #hide(connection: Connection): Promise<void> {
    const relations = await this.#names('pg_class', 'relname', 'relnamespace');
    if (relations.size === 0) return void this.#makers.delete(connection);
    const types = await this.#names('pg_type', 'typname', 'typnamespace');
    this.#hidden.set(connection, { relations, types });
    await this.#engine.do(hide('pg_class', 'relname', relations) + hide('pg_type', 'typname', types));
  }

  async #names(catalogue: string, name: string, namespace: string): Promise<Map<string, string>> {
    const rows = await this.#engine.do(
      `SELECT oid, ${name} FROM ${catalogue} WHERE ${namespace} = pg_my_temp_schema() AND ${name} !~ '^~[0-9]+$'`,
    );
    return new Map(rows as [string, string][]);
  }
}

interface Hidden {
  /** Names by OID. */
  relations: Map<string, string>;
  types: Map<string, string>;
}

// A row of the catalogue is changed, not ALTER TABLE's way: that would refuse indexes' and row types' names here.
function hide(catalogue: string, name: string, names: Map<string, string>): string {
  if (names.size === 0) return '';
  return `UPDATE ${catalogue} SET ${name} = '~' || oid WHERE oid IN (${[...names.keys()].join()});`;
}

function show(catalogue: string, name: string, names: Map<string, string>): string {
  return [...names]
    .map(([oid, text]) => `UPDATE ${catalogue} SET ${name} = '${text.replaceAll("'", "''")}' WHERE oid = ${oid};`)
    .join('');
}
