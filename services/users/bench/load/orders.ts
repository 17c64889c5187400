/** What the load process is asked to do. It answers each with an Outcome. */
export type Order =
  /** Calls the service. */
  | (Work & { kind: 'calls'; address: string })
  /** Sends the database what the service sends it for the same calls. */
  | (Work & { kind: 'statements'; databaseUrl: string })
  /** Checks a hash and does nothing else, so many at once. */
  | { kind: 'hashes'; count: number; atOnce: number };

export interface Work {
  what: 'create' | 'lookup' | 'update' | 'verify';
  /** The number of the first user; each piece of work is about the next one. */
  first: number;
  count: number;
  inFlight: number;
}

/** The same work without an SQL of its own: checking a password is a matter of its hash. */
export type StatementWork = Exclude<Work['what'], 'verify'>;
