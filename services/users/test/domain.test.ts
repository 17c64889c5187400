import { AtMost } from '../src/domain/at-most.ts';
import { parseEmail } from '../src/domain/email.ts';
import { BadValue } from '../src/domain/fields.ts';
import { parseAvatarUrl, parseLocale, parseTimeZone } from '../src/domain/profile.ts';
import { parseUsername, usernameKey } from '../src/domain/username.ts';
import { uuidv7 } from '../src/domain/uuid.ts';
import { MicrosType } from '../src/db/micros-type.ts';

const never = new AbortController().signal;
const ran = (): Promise<string> => Promise.resolve('ran');

describe('a username', () => {
  test.each(['abc', 'a.b-c_1', '日本語', 'नमस्ते', 'Ünïcödé', '٠١٢', 'x'.repeat(64), '𝔘𝔫𝔦'])('may be %s', (name) => {
    expect(parseUsername(name).text).toBe(name);
  });

  test.each([
    ['two characters', 'ab'],
    ['65 characters', 'x'.repeat(65)],
    ['two characters beyond the first plane', '𝔘𝔫'],
    ['two characters once composed', 'ae\u0301'],
    ['a space', 'a bc'],
    ['a line end', 'abc\n'],
    ['a control character', 'abc\u0007'],
    ['NUL', 'abc\0'],
    ['a zero-width space', 'ab\u200bc'],
    ['a zero-width joiner', 'ab\u200dc'],
    ['a Hangul filler, which is a letter', 'ab\u3164c'],
    ['a variation selector, which is a mark', 'abc\ufe0f'],
    ['a right-to-left override', 'ab\u202ec'],
    ['an at sign', 'a@bc'],
    ['an emoji', 'abc😀'],
    ['a replacement character', 'abc\ufffd'],
  ])('may not have %s', (_, name) => {
    expect(() => parseUsername(name)).toThrow(BadValue);
  });

  test('a prefix of a username folds to a prefix of its key', () => {
    for (const name of ['ΟΔΟΣΑΣ', 'Straße', 'İstanbul', 'ǅungla']) {
      const characters = Array.from(name);
      for (let length = 1; length <= characters.length; length += 1) {
        const prefix = characters.slice(0, length).join('');
        expect(usernameKey(name).startsWith(usernameKey(prefix))).toBe(true);
      }
    }
  });
});

describe('an email', () => {
  test.each([
    ['a@b', 'a@b'],
    ["Mary.O'Neil+news@Example.COM", "mary.o'neil+news@example.com"],
    ['用户@例え.jp', '用户@xn--r8jz45g.jp'],
    ['x@sub-domain.example.co.uk', 'x@sub-domain.example.co.uk'],
  ])('%s has the key %s', (email, key) => {
    expect(parseEmail(email)).toEqual({ text: email, key });
  });

  test.each([
    '',
    'a',
    '@',
    'a@',
    '@b',
    'a@b@c',
    'a b@c',
    ' a@b',
    'a@b ',
    'a\0@b',
    'a\u200b@b',
    'a\u3164@b',
    'a\ufe0f@b',
    'a\u2800@b',
    'a@b\u3164.c',
    'a@b\ufe0f.c',
    'a@b\u034f.c',
    'a@b c',
    'a@b..c',
    'a@.b',
    'a@b.',
    'a@-b',
    'a@b_c',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@b/c',
    'a@b:25',
    'a@%62',
    '.a@b',
    'a.@b',
    'a..b@c',
    'Ann <ann@example.com>',
    'a@b,c@d',
    `${'x'.repeat(253)}@y`,
    `a@${'x'.repeat(64)}.com`,
  ])('%j is none', (email) => {
    expect(() => parseEmail(email)).toThrow(BadValue);
  });
});

describe('a profile', () => {
  test('an avatar is at an http or https address', () => {
    for (const url of ['', 'http://example.com/a.png?s=1#x@y', 'https://bücher.example/ä', 'HTTPS://[::1]:8443?a'])
      expect(parseAvatarUrl(url)).toBe(url);
    for (const url of [
      'javascript:alert(1)',
      'data:image/png;base64,',
      '//example.com',
      'a.png',
      'https://',
      'https:example.com/a.png',
      'https:/example.com/a.png',
      'https:///example.com/a.png',
      'https:\\\\example.com',
      'https://ann@example.com',
      'https://ann:secret@example.com',
      'https://@example.com',
      'https://?a.png',
      'https://example.com:99999',
      ' https://a',
      'https://a\n',
    ]) {
      expect(() => parseAvatarUrl(url)).toThrow(BadValue);
    }
  });

  test('a locale is canonical', () => {
    expect(['', 'PT-br', 'zh-hant-tw'].map(parseLocale)).toEqual(['', 'pt-BR', 'zh-Hant-TW']);
    for (const locale of ['pt_BR', 'x', 'english please']) expect(() => parseLocale(locale)).toThrow(BadValue);
  });

  test('a time zone has an IANA name', () => {
    for (const zone of ['', 'UTC', 'Asia/Kathmandu', 'America/Argentina/Buenos_Aires'])
      expect(parseTimeZone(zone)).toBe(zone);
    for (const zone of ['+05:45', 'Mars/Base', 'Europe', ' UTC']) expect(() => parseTimeZone(zone)).toThrow(BadValue);
  });
});

test('a UUID of version 7 begins with its time', () => {
  const uuid = uuidv7(0x0123_4567_89ab);
  expect(uuid).toMatch(/^01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidv7(0x0123_4567_89ab)).not.toBe(uuid);
});

test('a time goes to the database and back without losing a microsecond', () => {
  const type = new MicrosType();
  for (const time of [0, 1, -1, 1_800_000_000_123_456, 1_800_000_000_000_001, -6_200_000_000_000_001]) {
    const text = type.convertToDatabaseValue(time);
    expect(type.convertToJSValue(text)).toBe(time);
  }
  expect(type.convertToJSValue('2027-01-15 08:00:00+00')).toBe(1_800_000_000_000_000);
  expect(type.convertToJSValue('2027-01-15 13:45:00.5+05:45')).toBe(1_800_000_000_500_000);
});

describe('at most two at once', () => {
  test('run, the others wait their turn', async () => {
    const slots = new AtMost({ atOnce: 2, maxWaiting: 10 });
    let [running, most] = [0, 0];
    const task = async (): Promise<void> => {
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 9 }, () => slots.run(never, task)));
    expect([most, running]).toEqual([2, 0]);
  });

  test('who gives up waiting does not run, and holds no slot', async () => {
    const slots = new AtMost({ atOnce: 1, maxWaiting: 10 });
    const gaveUp = new AbortController();
    const { promise: freed, resolve: free } = Promise.withResolvers<string>();
    const first = slots.run(never, () => freed);
    const second = slots.run(gaveUp.signal, ran).catch((reason: unknown) => reason);
    const third = slots.run(never, ran);
    gaveUp.abort('enough');
    free('freed');
    expect(await Promise.all([first, second, third])).toEqual(['freed', 'enough', 'ran']);
  });

  test('a task that fails gives its slot back', async () => {
    const slots = new AtMost({ atOnce: 1, maxWaiting: 10 });
    await expect(slots.run(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await slots.run(never, ran)).toBe('ran');
  });
});
