import { parseArgs } from 'node:util';
import type { MikroORM } from '@mikro-orm/postgresql';
import { commands, isCommand, type CommandOptions } from './commands.ts';
import { openOrm } from './open-orm.ts';

/** What a command line has around it. */
export interface Surroundings {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * `mikro-orm-timescale COMMAND`, see `usage`.
 *
 * @param argv without the program
 * @returns the exit code: 0, 1 where `check` finds a difference, 2 for a fault, which has one line on stderr
 */
export async function run(argv: readonly string[], around: Surroundings): Promise<0 | 1 | 2> {
  let orm: MikroORM | undefined;
  try {
    const { values, positionals } = parse(argv);
    if (values.help) {
      around.stdout.write(usage);
      return 0;
    }
    const [command, ...more] = positionals;
    if (command === undefined || more.length > 0 || !isCommand(command)) {
      throw new Error(
        `${command === undefined ? 'There is no command' : `No command: ${positionals.join(' ')}`}; see --help`,
      );
    }
    orm = await openOrm({ cwd: around.cwd, env: around.env, config: values.config, context: values.context }, (line) =>
      around.stderr.write(`${line}\n`),
    );
    // Nothing is created by looking: the schema generator would make a database that is not there.
    await orm.em.fork().execute('SELECT 1');
    return await commands[command](orm, optionsOf(values), (text) => around.stdout.write(text));
  } catch (fault) {
    around.stderr.write(`mikro-orm-timescale: ${inOneLine(fault)}\n`);
    return 2;
  } finally {
    await orm?.close(true);
  }
}

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      config: { type: 'string' },
      context: { type: 'string' },
      schema: { type: 'string' },
      entity: { type: 'string' },
      'entities-from': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
}

function optionsOf(values: ReturnType<typeof parse>['values']): CommandOptions {
  const { schema, entity, json, 'entities-from': entitiesFrom } = values;
  return {
    json: json ?? false,
    ...(schema !== undefined && { schema }),
    ...(entity !== undefined && { entity }),
    ...(entitiesFrom !== undefined && { entitiesFrom }),
  };
}

function inOneLine(fault: unknown): string {
  // Node gives one error for all addresses of a host, which has no message of its own.
  const first: unknown = fault instanceof AggregateError && fault.message === '' ? fault.errors[0] : fault;
  const message = first instanceof Error ? first.message : String(first);
  return message.replaceAll(/\s+/g, ' ').trim();
}

const usage = `Usage: mikro-orm-timescale COMMAND [options]

Commands:
  diff     the SQL that leads from the database to the model's hypertables
  check    the same as a list of steps with what each may do; exits with 1 where there is one
  pull     the hypertables of the database as TypeScript
  chunks   the chunks, and whether they are in the columnstore
  jobs     the jobs and how their last runs went
  stats    how big the hypertables are

Options:
  --config PATH         the ORM's configuration; default: where MikroORM's command line looks for it
  --context NAME        which configuration, where the module has several; default: default
  --schema NAME         only this schema; with a schema per tenant, which tenant's
  --entity NAME         only this entity's hypertable (pull, chunks, stats)
  --entities-from PATH  where the pulled module imports the known entities from (pull)
  --json                for machines (check, chunks, jobs, stats)
  -h, --help

Exit codes: 0, 1 where check finds a difference, 2 for a fault.
`;
