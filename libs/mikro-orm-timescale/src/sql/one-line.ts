/**
 * The same SQL on one line, as statements of a migration have to be: without comments up to the end of a line, and with
 * each line break of a text as an escape.
 */
export function oneLine(sql: string): string {
  return sql
    .replaceAll(part, (_found, escaped?: string, text?: string, name?: string) => {
      if (escaped !== undefined) return escaped.replaceAll('\r', '\\r').replaceAll('\n', '\\n');
      if (text !== undefined) return /[\r\n]/.test(text) ? escapedText(text) : text;
      return name ?? ' ';
    })
    .trim();
}

// A text with escapes, a text, a quoted name; what is left over is a comment or a line break.
const part = /(\be'(?:[^'\\]|''|\\[^])*')|('(?:[^']|'')*')|("(?:[^"]|"")*")|--[^\n]*(?:\n|$)|\s*\n\s*/gi;

function escapedText(text: string): string {
  return `E${text.replaceAll('\\', '\\\\').replaceAll('\r', '\\r').replaceAll('\n', '\\n')}`;
}
