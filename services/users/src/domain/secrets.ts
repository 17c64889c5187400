import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** What the service does with the secret that all its instances share: a key of its own for each use. */
export class Secrets {
  readonly #hashKey: Buffer;
  readonly #sealKey: Buffer;

  /** @param key at least 32 random bytes */
  constructor(key: Buffer) {
    this.#hashKey = createHmac('sha256', key).update('hash').digest();
    this.#sealKey = createHmac('sha256', key).update('seal').digest();
  }

  /** A hash that nobody can look for without the key; other parts, or parts cut elsewhere, make another one. */
  hash(...parts: readonly string[]): Buffer {
    return createHmac('sha256', this.#hashKey).update(JSON.stringify(parts)).digest();
  }

  /** The text, encrypted and authenticated (AES-256-GCM). */
  seal(text: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#sealKey, nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
  }

  /** @throws where it was not sealed with this key, or changed since */
  open(sealed: string): string {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.#sealKey, bytes.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
    const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]);
    return text.toString('utf8');
  }
}
