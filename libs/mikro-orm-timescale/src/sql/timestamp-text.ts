/** An instant as PostgreSQL reads it, in the years before 1 too. @param ms since 1970 */
export function timestampText(ms: number): string {
  const date = new Date(ms);
  const year = date.getUTCFullYear();
  if (year >= 1) return date.toISOString();
  date.setUTCFullYear(1 - year);
  return `${date.toISOString()} BC`;
}
