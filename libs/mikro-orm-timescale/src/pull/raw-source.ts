import { name, unquoted } from '../catalog/parse-query.ts';
import { identifier } from '../sql/target.ts';
import { isIdentifier, quoted } from './typescript.ts';

/** The property of each column that has one of its own. */
export type SourceColumns = ReadonlyMap<string, string>;

/**
 * The call of `rawAggregate()` for an expression as PostgreSQL spells it, with the columns taken from the entity, and the SQL that
 * it gives.
 */
export function rawSource(sql: string, properties: SourceColumns): { source: string; sql: string } {
  const variables = new Map<string, string>();
  const text: string[] = [];
  const made: string[] = [];
  for (const [part] of sql.matchAll(parts)) {
    const column = isColumn.test(part) ? unquoted(part) : undefined;
    const property = column === undefined ? undefined : properties.get(column);
    if (column === undefined || property === undefined) {
      text.push(part.replaceAll(/[\\`]|\$(?=\{)/g, '\\$&'));
      made.push(part);
    } else {
      const variable = variables.get(property) ?? variableFor(property, variables.size);
      variables.set(property, variable);
      text.push('${' + variable + '}');
      made.push(identifier(column));
    }
  }
  const taken = [...variables].map(([property, variable]) =>
    property === variable ? property : `${isIdentifier(property) ? property : quoted(property)}: ${variable}`,
  );
  const parameters = taken.length === 0 ? '' : `{ ${taken.join(', ')} }`;
  return { source: `rawAggregate((${parameters}) => \`${text.join('')}\`)`, sql: made.join('') };
}

// In this order: texts; types; what is called, named or qualified; the field of EXTRACT; words and numbers; whatever may
// be a column; the rest.
const parts = new RegExp(
  [
    `'(?:[^']|'')*'`,
    `::(?:(?:timestamp|time)(?:\\(\\d+\\))? with(?:out)? time zone|double precision|(?:character|bit) varying)`,
    `::interval(?: (?:year|month|day|hour|minute|second|to))*`,
    `::${name}(?:\\.${name})?`,
    `${name}(?=\\(| => |\\.)`,
    `\\.${name}`,
    `EXTRACT\\(${name}`,
    `[A-Z_]+\\b|\\d[\\w.]*`,
    name,
    `[\\s\\S]`,
  ].join('|'),
  'g',
);
const isColumn = new RegExp(`^${name}$`);

/** A name for the value that is none of the language's own words. */
function variableFor(property: string, at: number): string {
  return isIdentifier(property) && !reserved.has(property) ? property : `column${at + 1}`;
}

const reserved = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);
