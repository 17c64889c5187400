import { hash } from 'node:crypto';

const dayMs = 86_400_000;
const maxKnown = 50_000;
const known = new Map<string, string>();

/**
 * An approximation of a visit, since an access log knows none: all that one client with one user agent asked for on one
 * UTC day. People behind one address with the same browser become one visit, and a visit over midnight becomes two.
 */
export function visitId({ host, userAgent, timeMs }: { host: string; userAgent: string; timeMs: number }): string {
  const key = `${Math.floor(timeMs / dayMs)}\n${host}\n${userAgent}`;
  let id = known.get(key);
  if (id === undefined) {
    id = hash('sha256', key, 'hex').slice(0, 16);
    // The clients of one time are near each other in a log: those of before are not needed any more.
    if (known.size >= maxKnown) known.clear();
    known.set(key, id);
  }
  return id;
}
