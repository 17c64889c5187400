import { BadValue } from './fields.ts';

/** ISO 4217 as the Unicode consortium keeps it (CLDR), in the version of the Node that runs. */
const currencies = new Set(Intl.supportedValuesOf('currency'));

export function parseCurrency(input: string): string {
  if (currencies.has(input)) return input;
  throw new BadValue('must be a currency of ISO 4217 in capital letters, such as "EUR"');
}
