/** A database server that whoever started it may kill. */
export interface MortalServer {
  /** For a superuser. */
  readonly url: string;
  /** Ends it as a power cut would: no process of it is left. */
  kill(): Promise<void>;
  /** Ends it with its data. May be called twice, and after `kill()`. */
  stop(): Promise<void>;
}

/** One whose data outlives it. */
export interface Server extends MortalServer {
  /** After `kill()`, at the same address; resolves when it answers. */
  start(): Promise<void>;
}
