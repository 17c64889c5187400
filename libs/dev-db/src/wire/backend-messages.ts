/** What matters in a piece of PostgreSQL's output, seen in one pass over the message headers. */
export interface Summary {
  status?: 'I' | 'T' | 'E';
  /** Command tags in order: `INSERT 0 1`, `SET`, `LISTEN`... */
  tags: string[];
  /** How many Parse and Close messages were carried out. */
  acknowledged: number;
  copyIn: boolean;
  error?: { start: number; end: number; severity: string; code: string; message: string };
  notifications: Notification[];
  /** Messages that the client is not to see, or not from here. */
  cuts: { start: number; end: number }[];
  /** Rows of text, for the server's own questions. */
  rows(): (string | null)[][];
}

export interface Notification {
  channel: string;
  payload: string;
}

/** @param chunk whole messages only */
export function scan(chunk: Buffer): Summary {
  const summary: Summary = {
    tags: [],
    acknowledged: 0,
    copyIn: false,
    notifications: [],
    cuts: [],
    rows: () => rowsOf(chunk),
  };
  for (let at = 0, end; at < chunk.length; at = end) {
    end = at + 1 + chunk.readUInt32BE(at + 1);
    switch (chunk[at]) {
      case 0x43: // CommandComplete
        summary.tags.push(chunk.toString('latin1', at + 5, end - 1));
        break;
      case 0x31: // ParseComplete
      case 0x33: // CloseComplete
        summary.acknowledged++;
        break;
      case 0x5a: // ReadyForQuery
        summary.status = String.fromCharCode(chunk.readUInt8(at + 5)) as 'I' | 'T' | 'E';
        break;
      case 0x47: // CopyInResponse
        summary.copyIn = true;
        break;
      case 0x45: // ErrorResponse
        summary.error = { start: at, end, ...errorOf(chunk.subarray(at + 5, end)) };
        break;
      case 0x4e: // NoticeResponse
        if (chunk.subarray(at, end).includes(LEFT_OVER_TRACE)) summary.cuts.push({ start: at, end });
        break;
      case 0x41: {
        // NotificationResponse
        const channelEnd = chunk.indexOf(0, at + 9);
        const channel = chunk.toString('utf8', at + 9, channelEnd);
        summary.notifications.push({ channel, payload: chunk.toString('utf8', channelEnd + 1, end - 1) });
        summary.cuts.push({ start: at, end });
        break;
      }
    }
  }
  return summary;
}

/** This build warns of each rollback: a trace that its makers left in. */
const LEFT_OVER_TRACE = 'M# 1743: aborting transaction';

function errorOf(body: Buffer): { severity: string; code: string; message: string } {
  const fields = new Map(
    body
      .toString()
      .split('\0')
      .map((field) => [field[0], field.slice(1)] as const),
  );
  return { severity: fields.get('V') ?? '', code: fields.get('C') ?? '', message: fields.get('M') ?? '' };
}

function rowsOf(chunk: Buffer): (string | null)[][] {
  const rows: (string | null)[][] = [];
  for (let at = 0, end; at < chunk.length; at = end) {
    end = at + 1 + chunk.readUInt32BE(at + 1);
    if (chunk[at] !== 0x44) continue;
    const row: (string | null)[] = [];
    let field = at + 7;
    for (let n = chunk.readUInt16BE(at + 5); n > 0; n--) {
      const length = chunk.readInt32BE(field);
      row.push(length < 0 ? null : chunk.toString('utf8', field + 4, field + 4 + length));
      field += 4 + Math.max(length, 0);
    }
    rows.push(row);
  }
  return rows;
}
