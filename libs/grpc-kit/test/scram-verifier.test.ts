import { createHash, createHmac } from 'node:crypto';
import { scramVerifier } from '../src/postgres/scram-verifier.ts';

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

test('a verifier checks the login that RFC 7677 shows, and proves the server to it', () => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ==';
  const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const exchange = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt},i=4096,c=biws,r=${nonce}`;
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
  const serverSignature = '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

  const verifier = scramVerifier('pencil', Buffer.from(salt, 'base64'));
  const [, keptSalt, stored = '', server = ''] = /^SCRAM-SHA-256\$4096:([^$]+)\$([^:]+):(.+)$/.exec(verifier) ?? [];
  expect(keptSalt).toBe(salt);
  const mask = hmac(Buffer.from(stored, 'base64'), exchange);
  const clientKey = proof.map((byte, index) => byte ^ (mask[index] ?? 0));
  expect(createHash('sha256').update(clientKey).digest('base64')).toBe(stored);
  expect(hmac(Buffer.from(server, 'base64'), exchange)).toEqual(Buffer.from(serverSignature, 'base64'));
});

test('each has a salt of its own', () => {
  expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
});
