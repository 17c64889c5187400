/**
 * The form in which two texts that differ only in case or in Unicode composition are the same; folding it again changes
 * nothing. JavaScript has no case folding: upper case makes "ß" and "SS" meet, and lower case before it makes "ẞ" do so
 * too. Lower case character by character leaves out the one rule that looks at its neighbours (the Greek final sigma),
 * so that a prefix of a text folds to a prefix of its fold. The dotless "ı" is the same as "i", since both have the upper
 * case "I".
 */
export function caseFold(text: string): string {
  return lowerCase(lowerCase(text.normalize('NFC')).toUpperCase()).normalize('NFC');
}

function lowerCase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join('');
}
