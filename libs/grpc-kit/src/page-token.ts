import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Writes and reads the page tokens of one service. */
export interface PageTokens {
  /** A token that continues after `cursor`, for the same arguments only. */
  write(cursor: readonly string[], args: unknown): string;
  /** The cursor; undefined for an empty token, which asks for the first page. */
  read(token: string, args: unknown): readonly string[] | undefined;
}

/** The token was not made here, or not for these arguments. */
export class PageTokenInvalid extends Error {
  constructor(cause?: unknown) {
    super('Not a token of this list with these arguments: send it unchanged, or leave it empty for the first page.', {
      cause,
    });
  }
}

const macBytes = 16;

/**
 * Tokens that callers cannot read a promise into or forge: the cursor, authenticated together with a digest of the
 * other arguments (https://google.aip.dev/158).
 * @param key a secret that all instances of the service share, at least 32 bytes
 */
export function pageTokens(key: Buffer): PageTokens {
  const mac = (body: Buffer, args: unknown): Buffer =>
    createHmac('sha256', key).update(digest(args)).update(body).digest().subarray(0, macBytes);
  return {
    write(cursor, args) {
      const body = Buffer.from(JSON.stringify(cursor));
      return Buffer.concat([mac(body, args), body]).toString('base64url');
    },
    read(token, args) {
      if (token === '') return undefined;
      const bytes = Buffer.from(token, 'base64url');
      const body = bytes.subarray(macBytes);
      if (bytes.length <= macBytes || !timingSafeEqual(bytes.subarray(0, macBytes), mac(body, args))) {
        throw new PageTokenInvalid();
      }
      return JSON.parse(body.toString()) as string[];
    },
  };
}

function digest(args: unknown): Buffer {
  const text = JSON.stringify(args, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value));
  return createHash('sha256').update(text).digest();
}
