import { readdirSync } from 'node:fs';
import { Migrator, TSMigrationGenerator } from '@mikro-orm/migrations';
import { MikroORM, UnderscoreNamingStrategy, type EntitySchema } from '@mikro-orm/postgresql';
import { Timescale } from '@tidemark/mikro-orm-timescale';

/** The first line of each migration that was made from the model. */
export const generatedMark = '// Made from the model by "npx nx run events:create-migration".';

/**
 * Writes the migration that leads from the model as it was to the model as it is. No database is asked: a snapshot
 * beside the migrations tells what the last of them was made from.
 *
 * @param name in kebab case
 * @returns the file's name; undefined where the model has not changed
 */
export async function createMigration(
  name: string,
  folder: string,
  entities: EntitySchema[],
): Promise<string | undefined> {
  const orm = new MikroORM({
    dbName: 'events',
    entities,
    namingStrategy: MigrationNames,
    extensions: [Timescale, Migrator],
    migrations: {
      path: folder,
      pathTs: folder,
      snapshotName: '.snapshot',
      fileName: () => `${nextNumber(folder)}-${name}`,
      generator: MigrationFile,
    },
  });
  const { fileName } = await orm.migrator.create(undefined, false, false, name);
  return fileName || undefined;
}

function nextNumber(folder: string): string {
  const numbers = readdirSync(folder).map((file) => Number(/^\d{4}(?=-)/.exec(file)?.[0] ?? 0));
  return String(Math.max(0, ...numbers) + 1).padStart(4, '0');
}

class MigrationNames extends UnderscoreNamingStrategy {
  override classToMigrationName(_timestamp: string, name = ''): string {
    return name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  }
}

/** Without a `down`: nothing here runs one. */
class MigrationFile extends TSMigrationGenerator {
  override generateMigrationFile(className: string, { up }: { up: string[] }): string {
    return `${generatedMark}
import { Migration } from '@mikro-orm/migrations';

export class ${className} extends Migration {
  override up(): void {
${up.map((sql) => this.createStatement(sql, 4)).join('')}  }
}
`;
  }

  /** As Prettier has it. */
  override createStatement(sql: string, padLeft: number): string {
    const line = super.createStatement(sql, padLeft);
    if (line.length <= 121) return line;
    const indent = ' '.repeat(padLeft);
    return line.replace(/^ *this\.addSql\((.*)\);\n$/s, `${indent}this.addSql(\n${indent}  $1,\n${indent});\n`);
  }
}
