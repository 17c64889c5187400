/**
 * The form in which two texts that differ only in case or in Unicode composition are the same. JavaScript has no case
 * folding; upper case first makes "ß" and "SS" meet, and lower case character by character leaves out the one rule that
 * looks at its neighbours (the Greek final sigma), so that a prefix of a text folds to a prefix of its fold.
 */
export function caseFold(text: string): string {
  const upper = text.normalize('NFC').toUpperCase();
  return Array.from(upper, (character) => character.toLowerCase())
    .join('')
    .normalize('NFC');
}
