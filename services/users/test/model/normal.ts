import type { AuditEntry } from '@tidemark/contracts/users';
import * as fc from 'fast-check';

// What the clock of the service decides, and so the model does not know.
const unknown = ['createTime', 'updateTime', 'time'];
// Of these it knows whether they are there.
const present = ['deleteTime', 'lockTime', 'closeTime'];

/** A reply as it is compared. */
export function normal(value: unknown): unknown {
  // Arrays of jest's own, also of what was cloned.
  if (Array.isArray(value)) return Array.from(value, normal);
  if (typeof value !== 'object' || value === null) return value;
  if ('action' in value) return auditEntry(value as never);
  const kept = Object.entries(value).filter(([name, one]) => one !== undefined && !unknown.includes(name));
  kept.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(kept.map(([name, one]) => [name, present.includes(name) ? true : normal(one)]));
}

function auditEntry({ userId, action, actor, details }: AuditEntry): unknown {
  return { userId, action, actor, details: { ...details } };
}

const byTime = ['entries', 'followers', 'following', 'blocked', 'accounts'];

/** The same of calls that came at once: their times say nothing of what came first. */
export function normalAtOnce(reply: unknown): unknown {
  const fields = Object.entries(normal(reply) as Record<string, unknown>);
  return Object.fromEntries(fields.map(([name, value]) => [name, byTime.includes(name) ? sorted(value) : value]));
}

function sorted(list: unknown): string[] {
  return (list as unknown[]).map((item) => fc.stringify(item)).sort();
}
