/** Of PostgreSQL's errors the SQLSTATE, of the operating system's such as ENOENT; empty for others. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}
