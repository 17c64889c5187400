import type pg from 'pg';

/** What pg's connection offers beside its types: https://github.com/brianc/node-postgres, packages/pg/lib/connection.js */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/**
 * Runs statements of which the first is a COPY FROM STDIN, in one round trip and therefore one transaction: a message of
 * several statements is all or nothing (https://www.postgresql.org/docs/17/protocol-flow.html, "Multiple Statements in a
 * Simple Query").
 */
export function copyIn(client: pg.ClientBase, statements: string, data: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(statements, data, resolve, reject) as never);
  });
}

class CopyIn {
  readonly #statements: string;
  readonly #data: Buffer;
  readonly #done: () => void;
  readonly #failed: (error: Error) => void;

  constructor(statements: string, data: Buffer, done: () => void, failed: (error: Error) => void) {
    this.#statements = statements;
    this.#data = data;
    this.#done = done;
    this.#failed = failed;
  }

  submit(connection: CopyConnection): void {
    connection.query(this.#statements);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    for (let from = 0; from < this.#data.length; from += chunkBytes) {
      connection.sendCopyFromChunk(this.#data.subarray(from, from + chunkBytes));
    }
    connection.endCopyFrom();
  }

  handleError(error: Error): void {
    this.#failed(error);
  }

  handleReadyForQuery(): void {
    this.#done();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}

const chunkBytes = 1_048_576;
