/** `'text'` */
export function quoted(text: string): string {
  const escaped = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll(`'`, `\\'`);
  return `'${escaped}'`;
}

/** The key of an object literal. */
export function key(name: string): string {
  return isIdentifier(name) ? name : quoted(name);
}

export function isIdentifier(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

/** `['a', 'b']` */
export function list(items: readonly string[]): string {
  return `[${items.join(', ')}]`;
}

/** `{ a: 1, b: 2 }`; an entry without source is left out. */
export function inline(entries: readonly Entry[]): string {
  const lines = present(entries);
  return lines.length === 0 ? '{}' : `{ ${lines.join(', ')} }`;
}

/** The same with an entry a line. */
export function block(entries: readonly Entry[], indent = ''): string {
  return ['{', ...present(entries).map((line) => `${indent}  ${line},`), `${indent}}`].join('\n');
}

/** A key and the source of its value. */
export type Entry = readonly [name: string, source: string | undefined];

function present(entries: readonly Entry[]): string[] {
  return entries.flatMap(([name, source]) => (source === undefined ? [] : [`${key(name)}: ${source}`]));
}

/** Lines of a comment. */
export function comment(text: string): string {
  return text
    .split('\n')
    .map((line) => `// ${line}`)
    .join('\n');
}
