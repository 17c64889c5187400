import type pg from 'pg';

/** How long a statement takes, in milliseconds. */
export async function timedSql(client: pg.Client, text: string, values: readonly unknown[] = []): Promise<number> {
  const begin = performance.now();
  await client.query(text, [...values]);
  return performance.now() - begin;
}

export function perSecond({ count, ms }: { count: number; ms: number }): number {
  return (count / ms) * 1_000;
}

/** Three digits, for people. */
export function round(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}
