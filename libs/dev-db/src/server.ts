import { createServer, type Server as TcpServer } from 'node:net';
import type { Engine, Ready } from './engine/engine.ts';
import { Listening } from './listening.ts';
import { TemporaryTables } from './temporary-tables.ts';
import { Turns, type Limits } from './turns.ts';
import { Connection, type Login, type Reception } from './wire/connection.ts';
import { SYNC } from './wire/messages.ts';

/** The PostgreSQL server that clients see: many connections, taking turns at one backend. */
export class Server implements Reception {
  readonly turns: Turns;
  readonly #engine: Engine;
  readonly #limits: Limits;
  readonly #listening: Listening;
  readonly #temporary: TemporaryTables;
  readonly #tcp: TcpServer;
  readonly #connections = new Map<number, Connection>();
  /** Connections whose prepared statements the backend has forgotten. */
  readonly #forgotten = new Set<Connection>();
  /** Connections that may hold advisory locks or cursors WITH HOLD. */
  readonly #holders = new Set<Connection>();
  #parameters: [string, string][] = [];
  #lastId = 1000;
  #last: Connection | undefined;

  constructor(engine: Engine, limits: Limits) {
    this.#engine = engine;
    this.#limits = limits;
    this.#listening = new Listening(engine, this.#connections);
    this.#temporary = new TemporaryTables(engine);
    this.turns = new Turns(engine, limits, {
      enter: (connection) => this.#enter(connection),
      heard: (connection, unit) => this.#heard(connection, unit),
      answered: (connection, ready) => this.#answered(connection, ready),
      settled: (connection, ready) => this.#listening.settled(connection, ready),
    });
    engine.onNotifications = (notifications) => {
      this.#listening.deliver(this.#last?.id ?? OWN_SESSION, notifications);
    };
    this.#tcp = createServer((socket) => {
      const id = ++this.#lastId;
      this.#connections.set(id, new Connection(id, socket, this));
    });
  }

  /** @returns the port, the one asked for unless that was 0 */
  async listen(port: number): Promise<number> {
    const rows = await this.#engine.do(`SELECT name, current_setting(name) FROM unnest('${REPORTED}'::text[]) name`);
    this.#parameters = rows as [string, string][];
    await new Promise<void>((resolve, reject) => {
      this.#tcp.once('error', reject);
      this.#tcp.listen(port, '127.0.0.1', resolve);
    });
    return (this.#tcp.address() as { port: number }).port;
  }

  /** Ends all connections, rolling back what is open. */
  async close(): Promise<void> {
    this.#tcp.close();
    for (const connection of this.#connections.values()) {
      connection.fail('57P01', 'terminating connection due to administrator command');
    }
    await this.turns.take(async () => {});
  }

  async login(connection: Connection, login: Login): Promise<void> {
    const limit = setTimeout(
      () => connection.fail('55P03', 'canceling login due to the wait limit: the one backend is busy'),
      this.#limits.waitLimitMs,
    );
    await this.turns.take(async () => {
      clearTimeout(limit);
      if (connection.gone) return;
      const admission = await this.#admit(connection, login);
      if ('code' in admission) connection.fail(admission.code, admission.message);
      else connection.welcome(login, this.#parametersFor(login, admission.isSuperuser));
    });
  }

  cancel(pid: number, secret: number): void {
    const connection = this.#connections.get(pid);
    if (connection?.secret !== secret || !this.turns.withdraw(connection)) return;
    connection.refuseUnit('57014', 'canceling statement due to user request');
    if (connection.inbox.hasUnit) this.turns.request(connection);
  }

  input(connection: Connection): void {
    this.turns.request(connection);
  }

  closed(connection: Connection): void {
    this.turns.withdraw(connection);
    void this.turns.take(() => this.#cleanUp(connection));
  }

  async #admit(connection: Connection, login: Login): Promise<{ isSuperuser: boolean } | Refusal> {
    if (login.replication) return { code: '0A000', message: 'the embedded database has no replication' };
    await this.#enterOwn();
    const { user, settings } = login;
    const wanted = settings.get('role') ?? 'none';
    const role = await this.#engine.ask(
      `SELECT rolcanlogin, rolsuper, CASE WHEN ${text(wanted)} = 'none' THEN true
         ELSE EXISTS (SELECT FROM pg_roles WHERE rolname = ${text(wanted)}) AND pg_has_role(oid, ${text(wanted)}, 'SET') END
       FROM pg_roles WHERE rolname = ${text(user)}`,
    );
    const [canLogIn, rolsuper, mayTakeRole] = role.rows[0] ?? [];
    const isSuperuser = rolsuper === 't';
    if (role.error || !canLogIn) return { code: '28000', message: `role "${user}" does not exist` };
    if (canLogIn !== 't') return { code: '28000', message: `role "${user}" is not permitted to log in` };
    if (login.database !== 'postgres') {
      return { code: '3D000', message: `database "${login.database}" does not exist` };
    }
    if (mayTakeRole !== 't') return { code: '42501', message: `permission denied to set role "${wanted}"` };
    const refused = await this.#engine.admit(connection.id, user, settings, isSuperuser);
    if (refused !== undefined) {
      return { code: '22023', message: `parameter "${refused}" cannot be set to "${settings.get(refused)}"` };
    }
    return { isSuperuser };
  }

  #parametersFor({ user, settings }: Login, isSuperuser: boolean): [string, string][] {
    const given = new Map([...settings].map(([name, value]) => [name.toLowerCase(), value]));
    given.set('session_authorization', user).set('is_superuser', isSuperuser ? 'on' : 'off');
    return this.#parameters.map(([name, value]) => [name, given.get(name.toLowerCase()) ?? value]);
  }

  async #enter(connection: Connection): Promise<void> {
    if (this.#last !== connection) {
      if (this.#temporary.concerns(this.#last, connection)) {
        this.#engine.enter(OWN_SESSION);
        await this.#temporary.exchange(this.#last, connection);
      }
      this.#engine.enter(connection.id);
      this.#last = connection;
      connection.names.othersRan();
    }
    if (!this.#forgotten.delete(connection)) return;
    // Each by itself: one whose table is gone by now must not keep the others from being prepared.
    for (const parse of connection.names.prepared) await this.#engine.converse([parse, SYNC], () => {});
  }

  async #enterOwn(): Promise<void> {
    if (this.#temporary.concerns(this.#last, undefined)) {
      this.#engine.enter(OWN_SESSION);
      await this.#temporary.exchange(this.#last, undefined);
    }
    this.#engine.enter(OWN_SESSION);
    this.#last = undefined;
  }

  #heard(connection: Connection, unit: Buffer[]): void {
    for (const message of unit) {
      if (message[0] !== QUERY && message[0] !== PARSE) continue;
      const sql = message.toString('latin1', 5);
      this.#listening.heard(connection, sql);
      this.#temporary.heard(connection, sql);
      if (/advisory|with\s+hold/i.test(sql)) this.#holders.add(connection);
    }
  }

  /** DEALLOCATE ALL takes effect at once, whatever becomes of the transaction that it stands in. */
  #answered(connection: Connection, { tags }: Ready): void {
    if (!tags.includes('DEALLOCATE ALL') && !tags.includes('DISCARD ALL')) return;
    connection.names.forgetAll();
    for (const other of this.#connections.values()) if (other !== connection) this.#forgotten.add(other);
  }

  async #cleanUp(connection: Connection): Promise<void> {
    this.#connections.delete(connection.id);
    this.#forgotten.delete(connection);
    const statements = connection.names.closeAll();
    if (statements.length > 0) await this.#engine.converse([...statements, SYNC], () => {});
    await this.#enterOwn();
    await this.#temporary.drop(connection);
    await this.#listening.left(connection);
    await this.#release(connection);
    this.#engine.forget(connection.id);
  }

  /** The backend does not know whose lock or cursor is whose: they go with the last connection that may have some. */
  async #release(connection: Connection): Promise<void> {
    if (!this.#holders.delete(connection) || this.#holders.size > 0) return;
    await this.#engine.do('SELECT pg_advisory_unlock_all(); CLOSE ALL');
  }

  /** Runs the server's own SQL in a turn of its own. */
  ask(sql: string): ReturnType<Engine['ask']> {
    return this.turns.take(async () => {
      await this.#enterOwn();
      return this.#engine.ask(sql);
    });
  }

  /** Writes everything to the data folder and copies that into one file. */
  async snapshot(file: string): Promise<void> {
    await this.turns.take(async () => {
      await this.#enterOwn();
      await this.#engine.do('CHECKPOINT');
      await this.#engine.dump(file);
    });
  }
}

interface Refusal {
  code: string;
  message: string;
}

/** The superuser's session in which the server's own SQL runs. */
const OWN_SESSION = 0;
const QUERY = 0x51;
const PARSE = 0x50;

/** What PostgreSQL 17 reports to every client at login. */
const REPORTED =
  '{application_name,client_encoding,DateStyle,default_transaction_read_only,in_hot_standby,integer_datetimes,' +
  'IntervalStyle,is_superuser,scram_iterations,search_path,server_encoding,server_version,session_authorization,' +
  'standard_conforming_strings,TimeZone}';

function text(value: string): string {
  return `E'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
