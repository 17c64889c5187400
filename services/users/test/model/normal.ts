// What the clock of the service decides, and so the model does not know.
const unknown = ['createTime', 'updateTime', 'time'];
// Of these it knows whether they are there.
const present = ['deleteTime', 'lockTime', 'closeTime'];

/** A reply as it is compared. */
export function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  if ('action' in value) return auditEntry(value as never);
  const kept = Object.entries(value).filter(([name, one]) => one !== undefined && !unknown.includes(name));
  return Object.fromEntries(kept.map(([name, one]) => [name, present.includes(name) ? true : normal(one)]));
}

function auditEntry({ userId, action, actor, details }: Record<'userId' | 'action' | 'actor' | 'details', unknown>) {
  return { userId, action, actor, details };
}
