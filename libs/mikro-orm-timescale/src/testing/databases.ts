import { randomInt } from 'node:crypto';
import { identifier } from '../sql/target.ts';
import { codeOf } from './code-of.ts';
import type { Session } from './session.ts';

/**
 * The kit's databases of one user on one server. A template is `mot_test_DIGEST`; a test's database, and a template that
 * is not whole yet, is `mot_test_DIGEST_NUMBER`, and whoever made it holds the advisory lock of that number.
 */
export class Databases {
  readonly user: string;
  readonly #session: Session;

  private constructor(session: Session, user: string) {
    this.#session = session;
    this.user = user;
  }

  static async of(session: Session): Promise<Databases> {
    const [row] = await session.rows<{ user: string }>('SELECT current_user AS "user"');
    return new Databases(session, row?.user ?? '');
  }

  async isThere(name: string): Promise<boolean> {
    const found = await this.#session.rows('SELECT FROM pg_database WHERE datname = ?', [name]);
    return found.length > 0;
  }

  /** A database that is this session's, empty or a copy. */
  async create(base: string, template?: string): Promise<string> {
    const number = randomInt(2 ** 31);
    const name = `${base}_${number.toString(16).padStart(8, '0')}`;
    const from = template === undefined ? '' : ` TEMPLATE ${identifier(template)}`;
    // The lock first: whoever sees the database sees that it is somebody's.
    await this.#session.rows('SELECT pg_advisory_lock(?, ?)', [lockOfOwner, number]);
    // TimescaleDB's launcher starts no worker in template databases, so from its first moment on there is none in it.
    await this.#session.rows(`CREATE DATABASE ${identifier(name)}${from} IS_TEMPLATE true`);
    return name;
  }

  /** Makes a template of a draft: from now on nobody connects to it, which would keep it from being copied. */
  async seal(draft: string, template: string): Promise<void> {
    await this.#session.rows(`COMMENT ON DATABASE ${identifier(draft)} IS '${new Date().toISOString()}'`);
    await this.#session.rows(`ALTER DATABASE ${identifier(draft)} ALLOW_CONNECTIONS false`);
    await this.#session.rows(
      `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
       WHERE datname = ? AND backend_type = 'client backend'`,
      [draft],
    );
    await this.#session.rows(`ALTER DATABASE ${identifier(draft)} RENAME TO ${identifier(template)}`);
  }

  async drop(name: string): Promise<void> {
    try {
      await this.#session.rows(`ALTER DATABASE ${identifier(name)} IS_TEMPLATE false`);
      await this.#session.rows(`DROP DATABASE ${identifier(name)} WITH (FORCE)`);
    } catch (error) {
      if (codeOf(error) !== doesNotExist) throw error;
    }
  }

  /** Those of processes that were killed. PostgreSQL ended their connections, and the locks with these. */
  async dropAbandoned(): Promise<void> {
    // pg_locks has all databases' locks; pg_try_advisory_lock() knows only those of the one it is connected to.
    const names = await this.#names(
      `datname ~ '^mot_test_[0-9a-f]{12}_[0-9a-f]{8}$' AND NOT EXISTS (
         SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND objsubid = 2 AND classid = ?
           AND objid = ('x' || right(datname, 8))::bit(32)::int::oid
       )`,
      [lockOfOwner],
    );
    for (const name of names) await this.#dropUnlessHeld(name, lockOfOwner, Number.parseInt(name.slice(-8), 16));
  }

  /** Those of schemas that have changed since. Whoever still needs one makes it again. */
  async dropOldTemplates(): Promise<void> {
    const aDayAgo = new Date(Date.now() - 24 * 60 * 60 * 1_000).toISOString();
    const names = await this.#names(
      `datname ~ '^mot_test_[0-9a-f]{12}$' AND shobj_description(oid, 'pg_database') < ?`,
      [aDayAgo],
    );
    for (const name of names) await this.#dropUnlessHeld(name, lockOfTemplate, numberOfTemplate(name));
  }

  /** Nobody else does what concerns this template meanwhile. */
  async alone(template: string, work: () => Promise<void>): Promise<void> {
    const lock = [lockOfTemplate, numberOfTemplate(template)];
    await this.#session.rows('SELECT pg_advisory_lock(?, ?)', lock);
    try {
      await work();
    } finally {
      await this.#session.rows('SELECT pg_advisory_unlock(?, ?)', lock);
    }
  }

  async #names(condition: string, parameters: unknown[]): Promise<string[]> {
    const rows = await this.#session.rows<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE pg_get_userbyid(datdba) = current_user AND ${condition}`,
      parameters,
    );
    return rows.map(({ name }) => name);
  }

  /** Rubbish that cannot be dropped now is no reason for a test to fail. */
  async #dropUnlessHeld(name: string, kind: number, number: number): Promise<void> {
    const [row] = await this.#session.rows<{ free: boolean }>('SELECT pg_try_advisory_lock(?, ?) AS free', [
      kind,
      number,
    ]);
    if (!row?.free) return;
    await this.drop(name).catch(() => undefined);
    await this.#session.rows('SELECT pg_advisory_unlock(?, ?)', [kind, number]);
  }
}

// The first halves of advisory locks: any numbers that others are not likely to use.
const lockOfOwner = 0x6d6f7401;
const lockOfTemplate = 0x6d6f7402;
const doesNotExist = '3D000';

function numberOfTemplate(name: string): number {
  return Number.parseInt(name.slice(-7), 16);
}
