/** Statements that are one transaction. */
export interface MigrationStep {
  /** As errors name it, such as "0001-create-users". */
  readonly name: string;
  readonly statements: readonly string[];
  /** What a dry run shows in their place where they hold a secret. */
  readonly printed?: readonly string[];
  /** A query that finds a row where another migration was faster. */
  readonly done?: string;
  /** For the log, once it is done. */
  readonly told: readonly string[];
}

/** What precedes the statements of a step in its transaction. */
export function beginning(lockTimeoutMs: number): string[] {
  return ['BEGIN', `SET LOCAL lock_timeout = '${lockTimeoutMs}ms'`];
}
