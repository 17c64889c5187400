import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { withConnection } from '@tidemark/grpc-kit/postgres';
import { from, to } from 'pg-copy-streams';
import type pg from 'pg';
import { type Outcome, timed } from '@tidemark/testing/bench';

const pieceBytes = 1_024 * 1_024;

/** COPY of the same rows by one plain connection, in text format, with every column that the table has. */
export class Copies {
  #columns = '';
  #idAt = 0;
  #lines: string[] = [];

  /** The rows of the table, in the order of their time. */
  async keepRows(databaseUrl: string): Promise<Outcome> {
    await withConnection({ connectionString: databaseUrl }, async (client) => {
      const columns = await columnsOf(client);
      this.#columns = columns.join(', ');
      this.#idAt = columns.indexOf('id');
      const rows = `SELECT ${this.#columns} FROM events.events ORDER BY time, id`;
      const text = await buffer(client.query(to(`COPY (${rows}) TO STDOUT`)));
      this.#lines = text.toString().trimEnd().split('\n');
    });
    return { ms: 0, cpuMs: 0, count: this.#lines.length };
  }

  async copy(databaseUrl: string): Promise<Outcome> {
    const pieces = piecesOf(this.#lines.map((line) => withFreshId(line, this.#idAt)).join('\n'));
    return withConnection({ connectionString: databaseUrl }, (client) =>
      timed(this.#lines.length, () =>
        pipeline(pieces, client.query(from(`COPY events.events (${this.#columns}) FROM STDIN`))),
      ),
    );
  }
}

async function columnsOf(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ column: string }>(
    `SELECT quote_ident(column_name) AS column FROM information_schema.columns
     WHERE table_schema = 'events' AND table_name = 'events' AND is_generated = 'NEVER'
     ORDER BY ordinal_position`,
  );
  return rows.map(({ column }) => column);
}

/** The time in a UUID of version 7 stays, so that the ids are as ordered as they were. */
function withFreshId(line: string, idAt: number): string {
  const fields = line.split('\t');
  const fresh = randomBytes(8).toString('hex');
  fields[idAt] = `${(fields[idAt] ?? '').slice(0, 19)}${fresh.slice(0, 4)}-${fresh.slice(4)}`;
  return fields.join('\t');
}

function piecesOf(text: string): Buffer[] {
  const bytes = Buffer.from(`${text}\n`);
  const count = Math.ceil(bytes.length / pieceBytes);
  return Array.from({ length: count }, (_, at) => bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes));
}
