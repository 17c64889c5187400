import {
  DatabaseSchema,
  PostgreSqlSchemaHelper,
  type AbstractSqlConnection,
  type AbstractSqlPlatform,
  type DatabaseTable,
  type Transaction,
} from '@mikro-orm/postgresql';
import { triggersMadeByTimescale, viewsMadeByTimescale } from '../catalog/made-by-timescale.ts';
import { readAggregates } from '../catalog/read-aggregates.ts';
import { readHypertables } from '../catalog/read-hypertables.ts';
import { createSteps } from '../diff/diff-hypertable.ts';
import { aggregatesOf, hypertableOf, setHypertable } from '../state/on-table.ts';
import { targetOf } from '../state/target-of.ts';
import { matchFound } from './match-aggregates.ts';

type Tables = Parameters<PostgreSqlSchemaHelper['loadInformationSchema']>[2];

/** How MikroORM reads and creates tables, where some are hypertables. */
export class TimescaleSchemaHelper extends PostgreSqlSchemaHelper {
  readonly #functions: string;
  readonly #model: () => DatabaseSchema | undefined;

  /**
   * @param functions the schema of the extension
   * @param model what the database shall be
   */
  constructor(platform: AbstractSqlPlatform, functions: string, model: () => DatabaseSchema | undefined) {
    super(platform);
    this.#functions = functions;
    this.#model = model;
  }

  override async loadInformationSchema(
    schema: DatabaseSchema,
    connection: AbstractSqlConnection,
    tables: Tables,
    schemas?: string[],
    ctx?: Transaction,
  ): Promise<void> {
    await super.loadInformationSchema(schema, connection, tables, schemas, ctx);
    const hypertables = await readHypertables(connection, ctx);
    const aggregates = hypertables.length > 0 ? await readAggregates(connection, ctx) : [];
    const model = aggregates.length > 0 ? this.#model() : undefined;
    for (const found of hypertables) {
      const table = schema.getTables().find(({ name, schema }) => name === found.table && schema === found.schema);
      if (!table) continue;
      table.setTriggers(table.getTriggers().filter(({ name }) => !triggersMadeByTimescale.has(name)));
      const own = aggregates.filter(({ schema, hypertable }) => schema === found.schema && hypertable === found.table);
      // What the Migrator writes into its snapshot can be compared with the model only later, and without a connection.
      const wanted = aggregatesOf(
        model?.getTables().find(({ name, schema }) => name === found.table && schema === found.schema),
      );
      const target = { schema: found.schema, table: found.table, functions: this.#functions };
      const states = own.map(({ state }) => state);
      setHypertable(table, found.state, await matchFound(connection, target, states, wanted, undefined, ctx));
    }
  }

  override async loadViews(
    schema: DatabaseSchema,
    connection: AbstractSqlConnection,
    schemaName?: string,
    ctx?: Transaction,
  ): Promise<void> {
    const made = await viewsMadeByTimescale(connection, ctx);
    // Read apart, so that the namespaces of what is left out do not count as the model's either.
    const all = new DatabaseSchema(this.platform, schema.name);
    await super.loadViews(all, connection, schemaName, ctx);
    for (const view of all.getViews()) {
      if (!made.has(`${view.schema ?? ''}.${view.name}`)) schema.addView(view.name, view.schema, view.definition);
    }
  }

  /** A hypertable is made right after its table, before a foreign key could stand in the way. */
  override createTable(table: DatabaseTable, alter?: boolean): string[] {
    const statements = super.createTable(table, alter);
    const state = hypertableOf(table);
    if (!state) return statements;
    const steps = createSteps(targetOf(table, this.#functions), state).filter(({ when }) => when === 'create');
    return [...statements, ...steps.map(({ sql }) => `${sql};`)];
  }
}
