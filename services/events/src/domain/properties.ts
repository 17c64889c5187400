// Deeper JSON could exhaust the stack of the database's parser, which would cost the whole batch.
const maxDepth = 32;

const maxPathLength = 200;

/** Why PostgreSQL could not keep these as jsonb, or undefined. */
export function problemOfProperties(value: unknown, path = 'properties', depth = 1): string | undefined {
  if (typeof value === 'string') return value.includes('\0') ? `${path} holds a NUL: remove it.` : undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value) ? undefined : `${path} is not a finite number: leave it out or send it as text.`;
  }
  if (value === undefined) return `${path} has a value of no kind: send null, or leave it out.`;
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > maxDepth) return `properties are over ${maxDepth} levels deep: flatten them.`;
  for (const [key, inner] of Object.entries(value)) {
    if (key.includes('\0')) return `a name in ${path} holds a NUL: remove it.`;
    const problem = problemOfProperties(inner, `${path}.${key}`.slice(0, maxPathLength), depth + 1);
    if (problem) return problem;
  }
  return undefined;
}
