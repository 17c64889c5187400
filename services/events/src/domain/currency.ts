/** The shape of a currency's code in ISO 4217, such as "EUR". */
export function isCurrency(text: string): boolean {
  return /^[A-Z]{3}$/.test(text);
}
