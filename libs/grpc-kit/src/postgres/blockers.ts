import { Client, type ClientConfig } from 'pg';

interface Blocker {
  pid: number;
  name: string | null;
  state: string | null;
  seconds: number | null;
}

/** Looks, while a session works, for those it waits for: once the wait is over, nobody can tell. */
export class BlockerWatch {
  readonly #client: Client;
  readonly #pid: number;
  readonly #timer: NodeJS.Timeout;
  #connected: Promise<unknown> | undefined;
  #asking = false;
  #seen: readonly Blocker[] = [];

  /** @param everyMs shorter than what is waited at most */
  constructor(connection: ClientConfig, pid: number, everyMs: number) {
    this.#client = new Client(connection);
    this.#client.on('error', ignore);
    this.#pid = pid;
    this.#timer = setInterval(() => void this.#ask().catch(ignore), everyMs);
  }

  /** Who was waited for last, such as `process 812 ("psql", idle in transaction for 12 s)`. */
  seen(): string | undefined {
    return this.#seen.length > 0 ? spelledBlockers(this.#seen) : undefined;
  }

  stop(): void {
    clearInterval(this.#timer);
    // Where a query still runs, this cuts the connection.
    if (this.#connected) void this.#client.end().catch(ignore);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await (this.#connected ??= this.#client.connect());
      const { rows } = await this.#client.query<Blocker>(
        `${sessions} unnest(pg_blocking_pids($1)) AS wanted (pid) ${known}`,
        [this.#pid],
      );
      if (rows.length > 0) this.#seen = rows;
    } finally {
      this.#asking = false;
    }
  }
}

/** Who holds an advisory lock of this database. */
export async function lockHolder(client: Client, key: number): Promise<string> {
  const { rows } = await client.query<Blocker>(
    `${sessions} (
       SELECT pid FROM pg_locks
       WHERE locktype = 'advisory' AND objsubid = 1 AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
         AND ((classid::bigint << 32) | objid::bigint) = $1
     ) AS wanted ${known}`,
    [key],
  );
  return rows.length > 0 ? spelledBlockers(rows) : 'a session that is gone';
}

// Neither their statements nor anything else that could hold data. Of sessions of others a user may not see all.
const sessions = `
  SELECT
    wanted.pid,
    coalesce(nullif(session.application_name, ''), session.backend_type) AS name,
    session.state,
    extract(epoch FROM clock_timestamp() - session.xact_start)::int AS seconds
  FROM`;
const known = 'LEFT JOIN pg_stat_activity AS session ON session.pid = wanted.pid ORDER BY wanted.pid';

function spelledBlockers(blockers: readonly Blocker[]): string {
  return blockers.map(spelled).join(' and ');
}

function spelled({ pid, name, state, seconds }: Blocker): string {
  if (pid === 0) return 'a prepared transaction (see pg_prepared_xacts)';
  const open = seconds === null ? '' : ` for ${seconds} s`;
  return `process ${pid} ("${name ?? 'unknown'}", ${state ?? 'state unknown'}${open})`;
}

function ignore(): void {}
