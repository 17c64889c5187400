// https://www.postgresql.org/docs/17/errcodes-appendix.html
export const insufficientPrivilege = '42501';

/** The SQLSTATE of an error of PostgreSQL; empty for others. */
export function sqlStateOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
