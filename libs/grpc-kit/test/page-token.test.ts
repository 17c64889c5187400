import { randomBytes } from 'node:crypto';
import { PageTokenInvalid, pageTokens } from '../src/index.ts';

const tokens = pageTokens(randomBytes(32));
const args = ['List', { start: 1, filter: { text: 'ü' }, big: 2n }];

test('a token gives its cursor back, for the same arguments', () => {
  const token = tokens.write(['1', 'ü"'], args);
  expect(token).toMatch(/^[\w-]+$/);
  expect(tokens.read(token, args)).toEqual(['1', 'ü"']);
  expect(tokens.read('', args)).toBeUndefined();
});

test('a token that was changed, made elsewhere, or is for other arguments is refused', () => {
  const token = tokens.write(['1'], args);
  const bytes = Buffer.from(token, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => tokens.read(changed.toString('base64url'), args)).toThrow(PageTokenInvalid);
  }
  for (const bad of ['A', 'not a token', token.slice(0, 10), `${token}AAAA`]) {
    expect(() => tokens.read(bad, args)).toThrow(PageTokenInvalid);
  }
  expect(() => tokens.read(token, ['List', { start: 2 }])).toThrow(PageTokenInvalid);
  expect(() => pageTokens(randomBytes(32)).read(token, args)).toThrow(PageTokenInvalid);
});
