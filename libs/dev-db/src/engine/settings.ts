import { CONTEXT, SOURCE, type Native } from './native.ts';
import { findAuthenticatedUser, findSettingsList, settingsIn } from './postgres-memory.ts';

/** A connection's session: taken off the backend and put on again when it changes hands. */
export interface Session {
  /** The role that the connection logged in as; RESET SESSION AUTHORIZATION returns to it. */
  user: string;
  /** Settings of the startup packet; RESET returns to them. */
  startup: Map<string, string>;
  /** Settings from SET and set_config(), as they stand outside a transaction. */
  changed: Map<string, string>;
  sessionUser: string;
  /** The role of the startup packet, or none; RESET ROLE returns to it. */
  startupRole: string;
  role: string;
}

export function newSession(user: string, parameters: Map<string, string> = new Map()): Session {
  const startup = new Map(parameters);
  const role = startup.get('role') ?? 'none';
  startup.delete('role');
  return { user, startup, changed: new Map(), sessionUser: user, startupRole: role, role };
}

/**
 * The one backend's settings, read and written through PostgreSQL's own C functions.
 *
 * What a session has changed is read from PostgreSQL's list of non-default settings, so nothing depends on recognising
 * SET in the SQL: set_config() inside a function and a SET that was rolled back both come out right. A change of hands
 * takes some 10 microseconds, 25 with another role; `SELECT ... FROM pg_settings` alone would take two milliseconds.
 */
export class Settings {
  readonly #native: Native;
  readonly #list: number;
  readonly #authenticatedUser: number;
  /** Values to return to for settings that a startup packet changed. */
  readonly #base = new Map<string, string>();
  #current = newSession('postgres');

  constructor(native: Native) {
    this.#native = native;
    this.#list = findSettingsList(native);
    this.#authenticatedUser = findAuthenticatedUser(native);
    for (const [name, value] of CORRECTIONS) {
      native.setOption(name, value, SOURCE.client);
      native.setOption(name, null, SOURCE.session);
    }
  }

  switchTo(next: Session): void {
    const last = this.#current;
    if (next === last) return;
    this.#takeOff(last);
    this.#current = next;
    if (isPlain(last) && isPlain(next) && last.user === next.user) return;
    this.#native.inTransaction(() => {
      for (const name of last.changed.keys()) {
        if (!next.changed.has(name)) this.#native.setOption(name, null, SOURCE.session);
      }
      this.#switchStartup(last.startup, next.startup);
      for (const [name, value] of next.changed) {
        if (last.changed.get(name) !== value) this.#native.setOption(name, value, SOURCE.session);
      }
      this.#switchUser(next);
    });
  }

  /** Tries a startup packet's settings on. Returns the name of the first that PostgreSQL refuses. */
  refused(startup: Map<string, string>, superuser: boolean): string | undefined {
    const context = superuser ? CONTEXT.superuser : CONTEXT.user;
    let refused: string | undefined;
    this.#native.inTransaction(() => {
      for (const [name, value] of startup) {
        if (name === 'role') continue;
        const before = this.#native.getOption(name);
        // A name with a dot may be anyone's; any other must be PostgreSQL's.
        if (before === undefined && !name.includes('.')) refused ??= name;
        else if (!this.#native.setOption(name, value, SOURCE.client, context)) refused ??= name;
        else this.#native.setOption(name, before ?? '', SOURCE.client);
      }
    });
    return refused;
  }

  #takeOff(session: Session): void {
    session.changed = new Map();
    for (const { name, source } of settingsIn(this.#native, this.#list)) {
      if (source !== SOURCE.session || LOOKED_AFTER_ELSEWHERE.has(name)) continue;
      session.changed.set(name, this.#native.getOption(name) ?? '');
    }
    session.role = this.#native.getOption('role') ?? 'none';
    session.sessionUser = this.#native.getOption('session_authorization') ?? session.user;
  }

  #switchStartup(last: Map<string, string>, next: Map<string, string>): void {
    for (const name of last.keys()) {
      if (!next.has(name)) this.#native.setOption(name, this.#base.get(name) ?? '', SOURCE.client);
    }
    for (const [name, value] of next) {
      if (last.get(name) === value) continue;
      if (!this.#base.has(name)) this.#base.set(name, this.#native.getOption(name) ?? '');
      this.#native.setOption(name, value, SOURCE.client);
    }
  }

  #switchUser(next: Session): void {
    const native = this.#native;
    native.setWord(this.#authenticatedUser, native.roleOid('postgres'));
    native.setOption('role', 'none', SOURCE.client);
    native.setOption('role', null, SOURCE.session);
    native.setOption('session_authorization', null, SOURCE.session);
    // An override is also what RESET SESSION AUTHORIZATION and DISCARD ALL return to.
    native.setOption('session_authorization', next.user, SOURCE.override);
    if (next.sessionUser !== next.user) native.setOption('session_authorization', next.sessionUser, SOURCE.session);
    if (next.startupRole !== 'none') native.setOption('role', next.startupRole, SOURCE.client);
    if (next.role !== next.startupRole) native.setOption('role', next.role, SOURCE.session);
    // From here on SET SESSION AUTHORIZATION is refused to whoever is no superuser.
    native.setWord(this.#authenticatedUser, native.roleOid(next.user));
  }
}

/** This build starts its backend with odd switches; a client sees what a PostgreSQL server shows. */
const CORRECTIONS: ReadonlyArray<readonly [string, string]> = [
  ['enable_seqscan', 'on'],
  ['client_min_messages', 'notice'],
  ['log_min_messages', 'warning'],
  ['allow_system_table_mods', 'off'],
  ['exit_on_error', 'off'],
  ['search_path', '"$user", public'],
  ['TimeZone', 'UTC'],
  ['log_timezone', 'UTC'],
];

/** The transaction's own state, and the users, which have an order of their own. */
const LOOKED_AFTER_ELSEWHERE = new Set([
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
  'role',
  'session_authorization',
  'is_superuser',
  'seed',
]);

function isPlain(session: Session): boolean {
  const { startup, changed, role, startupRole, sessionUser, user } = session;
  const sameUser = sessionUser === user && role === 'none' && startupRole === 'none';
  return sameUser && startup.size === 0 && changed.size === 0;
}
