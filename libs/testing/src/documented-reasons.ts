import { readFileSync } from 'node:fs';

/** The reasons in the tables of one section of docs/errors.md, each table's by the head of its first column. */
export function documentedReasons(section: string): Record<string, string[]> {
  const text = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const body = text.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  const tables: Record<string, string[]> = {};
  let column = '';
  for (const [, first = ''] of body.matchAll(/^\| *([^|]*?) *\|/gm)) {
    if (/^-+$/.test(first)) continue;
    if (first.startsWith('`')) tables[column] = [...(tables[column] ?? []), first.replaceAll('`', '')];
    else column = first;
  }
  return tables;
}
