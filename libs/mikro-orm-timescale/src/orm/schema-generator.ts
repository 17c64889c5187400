import {
  DatabaseSchema,
  SchemaComparator,
  SqlSchemaGenerator,
  type ClearDatabaseOptions,
  type CreateSchemaOptions,
  type DatabaseTable,
  type DropSchemaOptions,
  type EntityMetadata,
  type SchemaDifference,
  type SqlEntityManager,
  type UpdateSchemaOptions,
} from '@mikro-orm/postgresql';
import { capabilitiesOf, capabilitiesOnceCreated, type Capabilities } from '../catalog/capabilities.ts';
import { readAggregates } from '../catalog/read-aggregates.ts';
import { aggregateOf } from '../definition/declared-aggregates.ts';
import { checkDefinition } from '../definition/check-definition.ts';
import { checkReorderIndex } from '../definition/check-reorder-index.ts';
import { definitionOf } from '../definition/hypertable.ts';
import { planSteps, refuseToDropRows } from '../diff/plan.ts';
import type { Step } from '../diff/step.ts';
import { viewsApart } from '../diff/views-apart.ts';
import { DestructiveChange } from '../faults.ts';
import { createExtension } from '../sql/hypertable.ts';
import { dropStackedAggregates } from '../sql/stacked-aggregates.ts';
import type { Aggregate } from '../state/aggregate-state.ts';
import { checkSources, desiredAggregates } from '../state/desired-aggregates.ts';
import { relation } from '../sql/target.ts';
import { desiredState } from '../state/desired-state.ts';
import { aggregatesOf, hypertableOf, setHypertable } from '../state/on-table.ts';
import { leaveToSearchPath, targetOf } from '../state/target-of.ts';
import { alone } from './alone.ts';
import { limitAggregates } from './limit-aggregates.ts';
import { limitToServer } from './limit-to-server.ts';
import { matchAggregates } from './match-aggregates.ts';
import { runStatements } from './run-statements.ts';
import type { TimescaleSettings } from './settings.ts';

type UpdateOptions = UpdateSchemaOptions<DatabaseSchema>;

interface Comparison {
  from: DatabaseSchema;
  to: DatabaseSchema;
  up: SchemaDifference;
  down: SchemaDifference;
  steps: Step[];
}

/** MikroORM's schema generator, which its Migrator uses too, with hypertables. */
export class TimescaleSchemaGenerator extends SqlSchemaGenerator {
  readonly #settings: Required<TimescaleSettings>;
  /** While a statement list for the connected server is made. */
  #server: Capabilities | undefined;
  readonly #warnings = new Set<string>();
  /** Views are made after the aggregates that they may read. */
  #leaveViews = false;

  constructor(em: SqlEntityManager, settings: Required<TimescaleSettings>) {
    super(em);
    this.#settings = settings;
  }

  get extensionSchema(): string {
    return this.#settings.extensionSchema;
  }

  /** What the model wants. The snapshots of the Migrator are its JSON. */
  override getTargetSchema(schema?: string, includeWildcardSchema = false): DatabaseSchema {
    checkSources(this.metadata);
    const target = super.getTargetSchema(schema, includeWildcardSchema);
    if (this.#leaveViews) target.setViews([]);
    for (const meta of this.getOrderedMetadata(schema, includeWildcardSchema)) {
      const definition = definitionOf(meta);
      if (!definition) continue;
      checkDefinition(meta, definition);
      const own = this.#schemaOf(meta, schema) ?? target.name;
      const table = target.getTables().find((each) => each.name === meta.collection && each.schema === own);
      if (!table) continue;
      checkReorderIndex(meta, definition, table);
      setHypertable(table, this.#limit(desiredState(meta, definition), table), this.#aggregates(meta, table));
      if (includeWildcardSchema) this.#leaveToSearchPath(table);
    }
    return target;
  }

  /** Continuous aggregates are views to MikroORM, which would make views of them. */
  override getOrderedMetadata(schema?: string, includeWildcardSchema = false): EntityMetadata[] {
    return super.getOrderedMetadata(schema, includeWildcardSchema).filter((meta) => !aggregateOf(meta));
  }

  override async getCreateSchemaSQL(options: CreateSchemaOptions = {}): Promise<string> {
    const server = await this.#connectedServer();
    const { schema, includeWildcardSchema } = options;
    const target = this.#limited(server, () => this.getTargetSchema(schema, includeWildcardSchema));
    const nothing = new DatabaseSchema(this.platform, target.name);
    const difference = new SchemaComparator(this.platform).compare(nothing, target);
    const steps = planSteps(nothing, target, difference, this.#settings.extensionSchema);
    const { made } = viewsApart(difference, nothing, target, steps);
    this.#leaveViews = true;
    // It asks for the target before it waits for anything.
    const sql = this.#limited(server, () => super.getCreateSchemaSQL(options));
    this.#leaveViews = false;
    return this.#around(await sql, nothing, steps) + this.#viewsSql(made, {});
  }

  override async getUpdateSchemaSQL(options: UpdateOptions = {}): Promise<string> {
    return this.#upSql(await this.#compare(options), options);
  }

  override async getUpdateSchemaMigrationSQL(options: UpdateOptions = {}): Promise<{ up: string; down: string }> {
    const comparison = await this.#compare(options);
    return { up: this.#upSql(comparison, options), down: this.#downSql(comparison, options) };
  }

  override async getDropSchemaSQL(options: DropSchemaOptions = {}): Promise<string> {
    const stacked = this.getTargetSchema(options.schema)
      .getTables()
      .filter((table) => hypertableOf(table))
      .map((table) => dropStackedAggregates(targetOf(table, this.#settings.extensionSchema)));
    return joinSql(stacked, await super.getDropSchemaSQL(options), []);
  }

  /** Empties the aggregates too, which keep their buckets when their hypertable is emptied. */
  override async clear(options?: ClearDatabaseOptions): Promise<void> {
    await super.clear(options);
    if ((await capabilitiesOf(this.connection)).edition === 'none') return;
    const declared = this.getTargetSchema(options?.schema)
      .getTables()
      .flatMap((table) => aggregatesOf(table).map(({ view }) => ({ schema: table.schema, view })));
    for (const { schema, state } of await readAggregates(this.connection)) {
      if (!declared.some((each) => each.view === state.view && each.schema === schema)) continue;
      await this.execute(`truncate ${relation({ schema, table: state.view })}`);
    }
  }

  /** What leads from the database, or the snapshot, to the model. */
  async getTimescaleSteps(options: UpdateOptions = {}): Promise<Step[]> {
    return (await this.#compare(options)).steps;
  }

  /**
   * Takes these steps, and no others of MikroORM's own, in one transaction; answers them in the order they were taken.
   * Where several processes do so at once, each finds what those before it have done.
   *
   * @throws DestructiveChange
   */
  async applyTimescaleSteps(options: UpdateOptions = {}): Promise<Step[]> {
    await this.ensureDatabase();
    return alone(this.config, () => this.#apply(options));
  }

  async #apply(options: UpdateOptions): Promise<Step[]> {
    const { from, steps } = await this.#compare(options);
    const absent = steps.find(({ when }) => when === 'create');
    if (absent) {
      throw new Error(`${absent.hypertable}: there is no such table. Make it with a migration or orm.schema.update().`);
    }
    const allowed = this.#allowed(steps, options);
    const inOrder = [...allowed.filter(isBefore), ...allowed.filter((step) => !isBefore(step))];
    await runStatements(this.connection, [...this.#extension(from, allowed), ...inOrder.map(({ sql }) => sql)]);
    return inOrder;
  }

  async #compare(options: UpdateOptions): Promise<Comparison> {
    options.safe ??= false;
    options.dropTables ??= true;
    const { schema, includeWildcardSchema, fromSchema } = options;
    if (!fromSchema) await this.ensureDatabase();
    const server = fromSchema ? undefined : await this.#probe();
    const to = this.#limited(server, () => this.getTargetSchema(schema, includeWildcardSchema));
    const from = fromSchema ?? (await this.#readDatabase(schema, to.getNamespaces()));
    const wildcardTables = includeWildcardSchema
      ? []
      : [...this.metadata.getAll().values()].filter((meta) => meta.schema === '*').map(({ tableName }) => tableName);
    from.prune(schema, wildcardTables);
    to.prune(schema, wildcardTables);
    for (const table of from.getTables()) {
      leaveOwnIndexes(table, to.getTable(table.getShortestName(false)));
      if (includeWildcardSchema) this.#leaveToSearchPath(table);
    }
    const up = new SchemaComparator(this.platform).compare(from, to);
    const down = new SchemaComparator(this.platform).compare(to, from, up);
    if (!fromSchema) await matchAggregates(this.connection, from, to, up, this.#settings.extensionSchema);
    return { from, to, up, down, steps: planSteps(from, to, up, this.#settings.extensionSchema) };
  }

  async #readDatabase(schema: string | undefined, namespaces: string[]): Promise<DatabaseSchema> {
    const { skipTables, skipViews } = this.options;
    const found = await DatabaseSchema.create(
      this.connection,
      this.platform,
      this.config,
      schema,
      namespaces,
      undefined,
      skipTables,
      skipViews,
    );
    await found.loadRoutines(this.connection, this.platform, [...namespaces]);
    return found;
  }

  #upSql({ from, to, up, steps }: Comparison, options: UpdateOptions): string {
    const allowed = this.#allowed(steps, options);
    const { dropTables, safe } = options;
    const removed =
      dropTables && !safe ? Object.values(up.removedTables).filter((table) => aggregatesOf(table).length > 1) : [];
    const stacked = removed.map((table) => dropStackedAggregates(targetOf(table, this.#settings.extensionSchema)));
    const { gone, rest, made } = viewsApart(up, from, to, allowed);
    const sql = this.#around(this.diffToSQL(rest, options), from, allowed);
    return joinSql(stacked, this.#viewsSql(gone, options) + sql + this.#viewsSql(made, options), []);
  }

  /** Of a difference that has nothing but views to drop or to make. */
  #viewsSql(difference: SchemaDifference, { dropTables = true, safe = false }: UpdateOptions): string {
    const { removedViews, newViews } = difference;
    if (Object.keys({ ...removedViews, ...newViews }).length === 0) return '';
    return this.diffToSQL(difference, { dropTables, safe, wrap: false });
  }

  #allowed(steps: Step[], { safe }: UpdateOptions): Step[] {
    const destructive = steps.filter(({ safety }) => safety === 'destructive');
    if (destructive.length > 0 && !this.#settings.allowDestructive && !safe) throw new DestructiveChange(destructive);
    if (!safe) return steps;
    // What is not dropped is not made anew either.
    const kept = new Set(destructive.filter(isBefore).map(({ hypertable }) => hypertable));
    return steps.filter((step) => step.safety !== 'destructive' && !kept.has(step.hypertable));
  }

  #downSql({ from, to, down, steps }: Comparison, options: UpdateOptions): string {
    const { extensionSchema, allowDestructive } = this.#settings;
    const undo = (when: Step['when']): string[] =>
      steps
        .filter((step) => step.when === when)
        .reverse()
        .flatMap((step) => step.undo);
    const { gone, rest, made } = viewsApart(down, to, from, steps);
    const around = joinSql(
      [...(allowDestructive ? [] : refuseToDropRows(down, extensionSchema)), ...undo('after')],
      this.diffToSQL(rest, options),
      [...undo('before'), ...this.#recreate(from, down)],
    );
    const sql = this.#viewsSql(gone, options) + around + this.#viewsSql(made, options);
    // Without any statement the Migrator would call the migration irreversible.
    return sql === '' && steps.length > 0 ? `${nothingToTakeBack};\n` : sql;
  }

  /** What a table that comes back had as a hypertable, besides what `createTable` does. */
  #recreate(from: DatabaseSchema, down: SchemaDifference): string[] {
    const nothing = new DatabaseSchema(this.platform, from.name);
    const again = new DatabaseSchema(this.platform, from.name);
    again.setTables(Object.values(down.newTables));
    return planSteps(nothing, again, down, this.#settings.extensionSchema)
      .filter(({ when }) => when === 'after')
      .map(({ sql }) => sql);
  }

  #around(sql: string, from: DatabaseSchema, steps: readonly Step[]): string {
    const statements = (when: Step['when']): string[] =>
      steps.filter((step) => step.when === when).map(({ sql }) => sql);
    return joinSql([...this.#extension(from, steps), ...statements('before')], sql, statements('after'));
  }

  #extension(from: DatabaseSchema, steps: readonly Step[]): string[] {
    const first = steps.length > 0 && !from.getTables().some((table) => hypertableOf(table));
    return first ? [createExtension(this.#settings.extensionSchema)] : [];
  }

  #limit(wanted: ReturnType<typeof desiredState>, table: DatabaseTable): ReturnType<typeof desiredState> | undefined {
    if (!this.#server) return wanted;
    const { onMissing } = this.#settings;
    return limitToServer(wanted, table.getShortestName(false), this.#server, onMissing, (message) =>
      this.#warn(message),
    );
  }

  #aggregates(meta: EntityMetadata, table: DatabaseTable): Aggregate[] {
    const wanted = desiredAggregates(this.metadata, meta, this.config.getNamingStrategy());
    if (!this.#server) return wanted;
    return limitAggregates(wanted, table.schema, this.#server, this.#settings.onMissing, (message) =>
      this.#warn(message),
    );
  }

  #warn(message: string): void {
    if (this.#warnings.has(message)) return;
    this.#warnings.add(message);
    this.config.getLogger().warn('schema', message, { enabled: true });
  }

  #leaveToSearchPath(table: DatabaseTable): void {
    if (table.schema === this.platform.getDefaultSchemaName()) leaveToSearchPath(table);
  }

  #limited<T>(server: Capabilities | undefined, make: () => T): T {
    this.#server = server;
    try {
      return make();
    } finally {
      this.#server = undefined;
    }
  }

  /** Undefined where there is no connection: a dump of the schema needs none. */
  async #connectedServer(): Promise<Capabilities | undefined> {
    return (await this.connection.isConnected()) ? this.#probe() : undefined;
  }

  /** As in MikroORM's DatabaseSchema.fromMetadata; undefined is the schema of the whole target. */
  #schemaOf(meta: EntityMetadata, schema: string | undefined): string | undefined {
    return (meta.schema === '*' ? schema : meta.schema) ?? this.config.get('schema');
  }

  #hasHypertables(): boolean {
    return [...this.metadata.getAll().values()].some((meta) => definitionOf(meta));
  }

  async #probe(): Promise<Capabilities> {
    const { extensionSchema } = this.#settings;
    const server = await capabilitiesOf(this.connection);
    if (server.version === undefined && server.available && this.#hasHypertables()) {
      return (await capabilitiesOnceCreated(this.config, createExtension(extensionSchema))) ?? server;
    }
    if (server.schema === undefined || server.schema === extensionSchema) return server;
    throw new Error(
      `The extension timescaledb is in the schema "${server.schema}", not in "${extensionSchema}": ` +
        `use Timescale.with({ extensionSchema: '${server.schema}' }).`,
    );
  }
}

const nothingToTakeBack = `select 'left as it is: what takes it back would lose rows, or is not known'`;

/** Takes TimescaleDB's own indexes out of the comparison, but for one that the model has under the same name. */
function leaveOwnIndexes(from: DatabaseTable, to: DatabaseTable | undefined): void {
  const own = new Set(hypertableOf(from)?.ownIndexes);
  // A table that goes takes its indexes with it, and a `down` brings them back.
  if (!to || own.size === 0) return;
  for (const { keyName } of to.getIndexes()) own.delete(keyName);
  from.setIndexes(from.getIndexes().filter(({ keyName }) => !own.has(keyName)));
}

function isBefore({ when }: Step): boolean {
  return when === 'before';
}

function joinSql(before: readonly string[], sql: string, after: readonly string[]): string {
  const block = (statements: readonly string[]): string =>
    statements.map((statement) => `${evenQuotes(statement)};\n`).join('');
  const own = sql.trim() === '' ? '' : `${evenQuotes(sql.trimEnd().replace(/;$/, ''))};\n`;
  return [block(before), own, block(after)].filter((part) => part !== '').join('\n');
}

/**
 * The Migrator (7.2) takes a statement with an odd number of apostrophes, as of a name with one, for the beginning of a
 * longer one, and leaves it out where nothing follows.
 */
function evenQuotes(sql: string): string {
  return sql.split(`'`).length % 2 === 0 ? `${sql} /* ' */` : sql;
}
