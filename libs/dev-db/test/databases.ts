import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { start, type DevDatabase, type DevDatabaseOptions } from '../src/index.ts';
import { closeClients } from './clients.ts';

/** Registers with jest that the databases of this test file are prepared, stopped after each test, and removed. */
export function databasesOfThisFile(): {
  launch: (options?: DevDatabaseOptions) => Promise<DevDatabase>;
  /** A path in a folder of the test file's own. */
  file: (name: string) => string;
  /** The file that each begins from. */
  emptyTemplate: () => string;
  stopAll: () => Promise<void>;
} {
  let databases: Databases;
  beforeAll(async () => {
    databases = await Databases.prepare();
  });
  afterEach(() => databases.stopAll());
  afterAll(() => databases.remove());
  return {
    launch: (options) => databases.launch(options),
    file: (name) => join(databases.root, name),
    emptyTemplate: () => databases.template,
    stopAll: () => databases.stopAll(),
  };
}

/** Databases for one test file, each from an empty template, and a folder for their files. */
class Databases {
  readonly root = mkdtempSync(join(tmpdir(), 'dev-db-'));
  readonly template = join(this.root, 'empty.tar');
  readonly #running: DevDatabase[] = [];

  static async prepare(): Promise<Databases> {
    const databases = new Databases();
    const empty = await start({ jobIntervalMs: false });
    await empty.snapshot(databases.template);
    await empty.stop();
    return databases;
  }

  async launch(options: DevDatabaseOptions = {}): Promise<DevDatabase> {
    const db = await start({ jobIntervalMs: false, template: this.template, ...options });
    this.#running.push(db);
    return db;
  }

  async stopAll(): Promise<void> {
    await closeClients();
    await Promise.all(this.#running.splice(0).map((db) => db.stop()));
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}
