import { caseFold } from '../src/domain/case-fold.ts';

const lastCodePoint = 0x10ffff;

function* allCharacters(): Generator<string> {
  for (let codePoint = 0; codePoint <= lastCodePoint; codePoint += 1) {
    const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
    if (!isSurrogate) yield String.fromCodePoint(codePoint);
  }
}

test('every character has one fold, whatever its case or composition, and the fold is its own', () => {
  const exceptions: string[] = [];
  for (const character of allCharacters()) {
    const fold = caseFold(character);
    const others = [
      fold,
      character.toLowerCase(),
      character.toUpperCase(),
      character.normalize('NFC'),
      character.normalize('NFD'),
    ];
    if (others.some((other) => other !== character && caseFold(other) !== fold)) exceptions.push(character);
  }
  expect(exceptions).toEqual([]);
});

test.each([
  ['ẞ', 'ß'],
  ['ẞ', 'SS'],
  ['Σ', 'ς'],
  ['ﬁ', 'FI'],
  ['\u212a', 'k'],
  ['ı', 'i'],
])('"%s" is the same as "%s"', (one, other) => {
  expect(caseFold(one)).toBe(caseFold(other));
});

test.each([
  ['é', 'e'],
  ['İ', 'i'],
  ['ｋ', 'k'],
])('"%s" is not the same as "%s"', (one, other) => {
  expect(caseFold(one)).not.toBe(caseFold(other));
});
