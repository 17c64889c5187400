import type { Chunk } from '../catalog/chunks.ts';

/** The extension is not created in the database that was asked. */
export class NoTimescale extends Error {
  override readonly name = 'NoTimescale';

  constructor(feature: string, available: boolean) {
    super(
      available
        ? `${feature} needs TimescaleDB, which is not created in this database: run the migrations, or CREATE EXTENSION timescaledb.`
        : `${feature} needs TimescaleDB, which the server does not have: install it there.`,
    );
  }
}

/** There is no such hypertable, continuous aggregate, chunk, columnstore or job; the message says what to do. */
export class NotThere extends Error {
  override readonly name = 'NotThere';

  constructor(problem: string, remedy: string) {
    super(`${problem}: ${remedy}.`);
  }
}

/** An argument that cannot be meant. */
export class InvalidBound extends Error {
  override readonly name = 'InvalidBound';

  readonly option: string;

  constructor(hypertable: string, option: string, problem: string, remedy: string) {
    super(`${hypertable}, ${option}: ${problem}. ${remedy}.`);
    this.option = option;
  }
}

/** Work that refuses a transaction was asked for while one is open on the entity manager. */
export class TransactionOpen extends Error {
  override readonly name = 'TransactionOpen';

  constructor(work: string) {
    super(
      `${work} runs transactions of its own, which would not see the rows of the one that is open: ` +
        'commit first, and call it outside of em.transactional().',
    );
  }
}

/** A chunk could not be converted; those before it were, and stay so unless a transaction of yours is rolled back. */
export class ConversionStopped extends Error {
  override readonly name = 'ConversionStopped';

  /** The chunk that failed, in the state that it had. */
  readonly chunk: Chunk;
  /** Those that are converted, in the order in which they were. Empty inside a transaction: it takes them back. */
  readonly done: readonly Chunk[];

  constructor(chunk: Chunk, done: readonly Chunk[], left: string, cause: unknown) {
    const { schema, name } = chunk.hypertable;
    super(
      `${schema}.${name}: the chunk ${chunk.schema}.${chunk.name} could not be converted ` +
        `(${cause instanceof Error ? cause.message : String(cause)}); ${left}.`,
      { cause },
    );
    this.chunk = chunk;
    this.done = done;
  }
}

/** Other chunks fit than those that were previewed; nothing was dropped. */
export class PreviewOutdated extends Error {
  override readonly name = 'PreviewOutdated';

  constructor(hypertable: string) {
    super(
      `${hypertable}: other chunks fit now than in the preview, and none was dropped. Preview again with dropChunks().`,
    );
  }
}
