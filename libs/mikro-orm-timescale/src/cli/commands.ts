import type { MikroORM } from '@mikro-orm/postgresql';
import type { Job } from '../catalog/jobs.ts';
import type { EntityLike } from '../definition/entity-like.ts';
import { timescale } from '../orm/live.ts';
import { table } from './table.ts';

export interface CommandOptions {
  json: boolean;
  schema?: string;
  /** Its class name. */
  entity?: string;
  entitiesFrom?: string;
}

type Command = (orm: MikroORM, options: CommandOptions, print: (text: string) => void) => Promise<0 | 1>;

export function isCommand(name: string): name is keyof typeof commands {
  return Object.hasOwn(commands, name);
}

export const commands = {
  async diff(orm, options, print) {
    const steps = await timescale(orm.em).diff(schemaOf(options));
    print(steps.length === 0 ? `-- ${agreed}\n` : lines(steps.map(({ sql }) => `${sql};`)));
    return 0;
  },

  async check(orm, options, print) {
    const steps = await timescale(orm.em).diff(schemaOf(options));
    if (options.json) print(json(steps));
    else if (steps.length === 0) print(`${agreed}\n`);
    else
      print(
        table(
          ['safety', 'hypertable', 'sql'],
          steps.map(({ safety, hypertable, sql }) => [safety, hypertable, sql]),
        ),
      );
    return steps.length === 0 ? 0 : 1;
  },

  async pull(orm, { entity, entitiesFrom, ...options }, print) {
    const source = await timescale(orm.em).pull({
      ...schemaOf(options),
      ...(entity !== undefined && { entity: entityOf(orm, entity) }),
      ...(entitiesFrom !== undefined && { entitiesFrom }),
    });
    print(source);
    return 0;
  },

  async chunks(orm, { entity, ...options }, print) {
    const all = await timescale(orm.em).chunks(
      entity === undefined ? undefined : entityOf(orm, entity),
      schemaOf(options),
    );
    const chunks = all.filter(({ hypertable }) => entity !== undefined || isWithin(options, hypertable));
    if (options.json) print(json(chunks));
    else {
      const rows = chunks.map((chunk) => [
        named(chunk.hypertable),
        named(chunk),
        place(chunk.start),
        place(chunk.end),
        chunk.compressed ? 'yes' : 'no',
      ]);
      print(table(['hypertable', 'chunk', 'start', 'end', 'columnstore'], rows));
    }
    return 0;
  },

  async jobs(orm, options, print) {
    const all = await timescale(orm.em).jobs();
    const jobs = all.filter(
      ({ hypertable }) => options.schema === undefined || (hypertable && isWithin(options, hypertable)),
    );
    if (options.json) print(json(jobs));
    else
      print(
        table(
          ['id', 'procedure', 'hypertable', 'every', 'status', 'last run', 'next start', 'failures'],
          jobs.map(jobRow),
        ),
      );
    return 0;
  },

  async stats(orm, { entity, ...options }, print) {
    const ts = timescale(orm.em);
    const stats =
      entity === undefined
        ? await ts.stats(undefined, schemaOf(options))
        : [await ts.stats(entityOf(orm, entity), schemaOf(options))];
    if (options.json) print(json(stats));
    else {
      const rows = stats.map(({ hypertable, rows, chunks, bytes, columnstore }) => [
        named(hypertable),
        rows === undefined ? 'not analyzed' : String(rows),
        String(chunks),
        String(bytes.total),
        columnstore ? String(columnstore.chunks) : 'off',
        columnstore?.ratio === undefined ? '' : columnstore.ratio.toFixed(1),
      ]);
      print(table(['hypertable', 'rows (about)', 'chunks', 'bytes', 'in columnstore', 'ratio'], rows));
    }
    return 0;
  },
} satisfies Record<string, Command>;

const agreed = 'The hypertables are as the model says.';

function schemaOf({ schema }: CommandOptions): { schema?: string } {
  return schema === undefined ? {} : { schema };
}

function entityOf(orm: MikroORM, name: string): EntityLike {
  const all = [...orm.getMetadata().getAll().values()];
  const meta = all.find(({ className }) => className === name);
  if (meta) return { meta };
  throw new Error(`There is no entity ${name}: use one of ${all.map(({ className }) => className).join(', ')}.`);
}

function isWithin({ schema }: CommandOptions, hypertable: { schema: string }): boolean {
  return schema === undefined || hypertable.schema === schema;
}

function jobRow({ id, procedure, hypertable, every, status, lastRun, nextStart, runs }: Job): string[] {
  const last = lastRun ? `${place(lastRun.startedAt)} ${lastRun.status ?? ''}`.trim() : '';
  return [
    String(id),
    procedure,
    hypertable ? named(hypertable) : '',
    every,
    status,
    last,
    nextStart ? place(nextStart) : '',
    `${runs.failures} of ${runs.total}`,
  ];
}

function named({ schema, name }: { schema: string; name: string }): string {
  return `${schema}.${name}`;
}

function place(value: Date | number): string {
  return typeof value === 'number' ? String(value) : value.toISOString();
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
