/**
 * The code of an error: of PostgreSQL's its SQLSTATE (https://www.postgresql.org/docs/17/errcodes-appendix.html), of a
 * system call's such as "ECONNREFUSED"; empty for others.
 */
export function sqlStateOf(error: unknown): string {
  // Not instanceof: a system error can come from another realm.
  return Error.isError(error) && 'code' in error ? String(error.code) : '';
}
