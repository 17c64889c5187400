import type { Engine, Ready } from './engine/engine.ts';
import type { Notification } from './wire/backend-messages.ts';
import type { Connection } from './wire/connection.ts';

/** Who listens to which channel. The backend listens to whatever anybody listens to. */
export class Listening {
  readonly #engine: Engine;
  readonly #connections: ReadonlyMap<number, Connection>;
  readonly #said = new Map<Connection, string[]>();

  constructor(engine: Engine, connections: ReadonlyMap<number, Connection>) {
    this.#engine = engine;
    this.#connections = connections;
  }

  /** LISTEN's command tag does not name the channel, so the statement is kept until the tag comes. */
  heard(connection: Connection, sql: string): void {
    if (!/listen/i.test(sql)) return;
    this.#said.set(connection, [...(this.#said.get(connection) ?? []), sql]);
  }

  deliver(from: number, notifications: Notification[]): void {
    for (const { channel, payload } of notifications) {
      for (const connection of this.#connections.values()) {
        if (connection.channels.has(channel)) connection.notify(from, channel, payload);
      }
    }
  }

  async settled(connection: Connection, { tags, failed }: Ready): Promise<void> {
    if (tags.includes('DISCARD ALL')) connection.channels.clear();
    else if (!this.#said.has(connection)) return;
    const said = this.#said.get(connection) ?? [];
    this.#said.delete(connection);
    if (!failed && !tags.includes('ROLLBACK')) for (const sql of said) follow(connection.channels, sql);
    await this.#listenToAll();
  }

  async left(connection: Connection): Promise<void> {
    this.#said.delete(connection);
    if (connection.channels.size > 0) await this.#listenToAll();
  }

  async #listenToAll(): Promise<void> {
    const wanted = new Set([...this.#connections.values()].flatMap(({ channels }) => [...channels]));
    const rows = await this.#engine.do('SELECT * FROM pg_listening_channels()');
    const listening = new Set(rows.flatMap(([channel]) => channel ?? []));
    const sql = [
      ...[...wanted].filter((channel) => !listening.has(channel)).map((channel) => `LISTEN ${quoted(channel)}`),
      ...[...listening].filter((channel) => !wanted.has(channel)).map((channel) => `UNLISTEN ${quoted(channel)}`),
    ];
    if (sql.length > 0) await this.#engine.do(sql.join(';'));
  }
}

/** Takes the statements in the order in which they stand. */
function follow(channels: Set<string>, sql: string): void {
  for (const [, verb = '', name = ''] of sql.matchAll(/\b(unlisten|listen)\s+("(?:[^"]|"")+"|[\w$\x80-\xff]+|\*)/gi)) {
    const channel = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
    const utf8 = Buffer.from(channel, 'latin1').toString();
    if (verb.toLowerCase() === 'listen') channels.add(utf8);
    else if (name === '*') channels.clear();
    else channels.delete(utf8);
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
