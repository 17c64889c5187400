import type { MadeEvents } from '../../rig/made-events.ts';

/** What the load process is asked to do. It answers each with an Outcome. */
export type Order =
  /** Sends made events through streams; the clock runs from the first message to the last reply. */
  | { kind: 'stream'; address: string; events: MadeEvents; channels: number; batchSize: number }
  /** One event a call. */
  | { kind: 'unary'; address: string; events: MadeEvents; inFlight: number }
  /** Takes the rows of the table as text, for later copies. */
  | { kind: 'keep-rows'; databaseUrl: string }
  /** Copies the kept rows in with ids of their own. */
  | { kind: 'copy'; databaseUrl: string };
