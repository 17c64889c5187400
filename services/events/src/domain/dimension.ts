import { charactersIn } from './characters.ts';
import { invalid } from './invalid-argument.ts';

/** What events are grouped by: a field, or one property by its name. */
export type Dimension = { readonly field: DimensionField } | { readonly property: string };

export type DimensionField = 'page' | 'referrer' | 'userAgent' | 'session' | 'user';

const maxNameLength = 256;

export const Dimension = {
  parse(given: { field?: DimensionField | undefined; property?: string | undefined }, path: string): Dimension {
    if (given.field) return { field: given.field };
    const { property } = given;
    if (!property) throw invalid(path, 'Required: a dimension such as DIMENSION_PAGE, or the name of a property.');
    if (charactersIn(property) > maxNameLength || property.includes('\0')) {
      throw invalid(propertyPath(path), `The name of a property has at most ${maxNameLength} characters and no NUL.`);
    }
    return { property };
  },
};

/** In TopValues, the property stands beside the dimension; in a grouping it is a field of it. */
function propertyPath(path: string): string {
  return path === 'dimension' ? 'property' : `${path}.property`;
}
