/** A query over one relation, in the pieces that PostgreSQL's spelling has. */
export interface ParsedQuery {
  select: { sql: string; as: string }[];
  /** The relation, as it is spelled; undefined where there are several. */
  from: string | undefined;
  groupBy: string[];
  /** The further clauses, such as WHERE. */
  clauses: string[];
}

/** @param spelled by `pg_get_viewdef`; undefined where it is no such query */
export function parseQuery(spelled: string): ParsedQuery | undefined {
  const query = spelled.trim().replace(/;$/, '');
  const starts = [...masked(query).matchAll(clauseStart)];
  const clauses = new Map(
    starts.map((start, at) => [
      start[1] ?? '',
      query.slice(start.index + start[0].length, starts[at + 1]?.index ?? query.length).trim(),
    ]),
  );
  const [select, from] = [clauses.get('SELECT'), clauses.get('FROM')];
  if (select === undefined || from === undefined || clauses.size !== starts.length) return undefined;
  return {
    select: splitList(select).map(selected),
    from: new RegExp(`^(${name}(?:\\.${name})?)(?: ${name})?$`).exec(from)?.[1],
    groupBy: splitList(clauses.get('GROUP BY') ?? '').map(withoutParentheses),
    clauses: [...clauses.keys()].filter((clause) => !known.has(clause)),
  };
}

/** The arguments of a call, or the items of a list. */
export function splitList(sql: string): string[] {
  const mask = masked(sql);
  const items: string[] = [];
  for (let start = 0; start < sql.length;) {
    const comma = mask.indexOf(',', start);
    const end = comma < 0 ? sql.length : comma;
    items.push(sql.slice(start, end).trim());
    start = end + 1;
  }
  return items;
}

export function withoutParentheses(sql: string): string {
  return /^\(§*\)$/.test(masked(sql)) ? withoutParentheses(sql.slice(1, -1)) : sql;
}

/** An identifier as PostgreSQL spells it. */
export const name = '(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")';

export function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

const clauseStart =
  /(?:^|\n) *(SELECT|FROM|WHERE|GROUP BY|HAVING|WINDOW|ORDER BY|LIMIT|OFFSET|FETCH|FOR|UNION|INTERSECT|EXCEPT|WITH)\b/g;
const known = new Set(['SELECT', 'FROM', 'GROUP BY']);

function selected(item: string): { sql: string; as: string } {
  const at = masked(item).lastIndexOf(' AS ');
  if (at >= 0) return { sql: withoutParentheses(item.slice(0, at).trim()), as: unquoted(item.slice(at + 4).trim()) };
  const [column = item] = new RegExp(`${name}$`).exec(item) ?? [];
  return { sql: item, as: unquoted(column) };
}

/** The same length, with what is in quotes or parentheses made unreadable, so that it can be searched. */
function masked(sql: string): string {
  let depth = 0;
  return sql.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()[\]]|[^'"()[\]]+/g, (part) => {
    if (part === ')' || part === ']') depth -= 1;
    const isDeep = depth > 0 || part.startsWith(`'`) || part.startsWith('"');
    if (part === '(' || part === '[') depth += 1;
    return isDeep ? '§'.repeat(part.length) : part;
  });
}
