/** Spellings that are one and the same to the service; the first is the key, by which usernames sort. */
export type Spellings = readonly [string, ...string[]];

export const usernames: readonly Spellings[] = [
  ['ada', 'Ada', 'ADA'],
  ['kim'],
  ['strasse', 'straße', 'STRASSE', 'StraẞE'],
  ['zo\u00e9', 'zoe\u0301', 'ZO\u00c9', 'ZOE\u0301'],
];

export const emails: readonly Spellings[] = [
  ['ada@example.com', 'Ada@example.com', 'ADA@EXAMPLE.COM'],
  ['kim@example.com'],
  ['lee@xn--bcher-kva.example', 'lee@b\u00fccher.example', 'LEE@BU\u0308CHER.example'],
  ['zoe@example.com', 'Zoe@Example.com'],
];

// What each run puts before its names, so that it meets those of no other.
const tag = /^r\d+\./;

/** undefined for what is not in the table. */
export function keyOf(table: readonly Spellings[], text: string): string | undefined {
  const prefix = tag.exec(text)?.[0] ?? '';
  const key = table.find((spellings) => spellings.includes(text.slice(prefix.length)))?.[0];
  return key && `${prefix}${key}`;
}
