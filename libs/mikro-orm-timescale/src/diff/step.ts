export type Safety =
  /** Neither rows nor chunks are touched. */
  | 'safe'
  /** Counts for what is written from now on; existing chunks stay as they are. */
  | 'futureChunksOnly'
  /** Existing rows are written anew: it takes time and a lock. */
  | 'rewrite'
  /** Rows are lost, now or when a policy runs. */
  | 'destructive';

export interface Step {
  /** `schema.table`, or `table` where the search path chooses. */
  hypertable: string;
  /** One statement in one line, without a semicolon. */
  sql: string;
  safety: Safety;
  /** What takes it back; nothing where that would lose rows, or where it is not known what was before. */
  undo: readonly string[];
  /** In which place, seen from MikroORM's own statements; `create` is right after CREATE TABLE. */
  when: 'create' | 'before' | 'after';
}
