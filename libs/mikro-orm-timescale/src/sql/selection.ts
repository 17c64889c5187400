import type { Selection } from '../query/selection.ts';
import { identifier } from './target.ts';

/**
 * @param columns the quoted column of each property, perhaps with an alias before it
 * @param functions the schema of the extension
 */
export function selectionSql(
  selection: Selection,
  columns: Readonly<Record<string, string>>,
  functions: string,
): string {
  const column = (property: string): string => columns[property] ?? identifier(property);
  const call = (name: string, ...args: (string | number)[]): string => `${name}(${args.join(', ')})`;
  const extension = identifier(functions);
  switch (selection.kind) {
    case 'count':
      return call('count', selection.property === undefined ? '*' : column(selection.property));
    case 'sum':
    case 'avg':
    case 'min':
    case 'max':
      return call(selection.kind, column(selection.property));
    case 'first':
    case 'last':
      return call(`${extension}.${selection.kind}`, column(selection.property), column(selection.by));
    case 'histogram': {
      const { property, min, max, buckets } = selection;
      // It would count null as 0.
      const filter = `filter (where ${column(property)} is not null)`;
      return `${call(`${extension}.histogram`, column(property), min, max, buckets)} ${filter}`;
    }
    case 'raw':
      return selection.sql(columns);
  }
}
