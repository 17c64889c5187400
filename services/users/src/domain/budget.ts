import type { Micros } from './clock.ts';
import type { Secrets } from './secrets.ts';
import type { UserKey } from './user-key.ts';

/** How much may be done in an hour. What was taken comes back evenly over the hour. */
export interface Limits {
  readonly attemptsPerAccount: number;
  readonly attemptsPerAddress: number;
  readonly mailsPerAccount: number;
  readonly mailsPerAddress: number;
}

export const hour: Micros = 3_600 * 1_000_000;

/** Something that so much may be taken from in an hour. */
export interface Budget {
  readonly key: Buffer;
  readonly perHour: number;
}

/** Someone who tries a password or asks for a mail. */
export interface Trier {
  /** Whose account, as the caller names it: what does not look the account up cannot tell whether it is there. */
  readonly account: UserKey;
  readonly address: string | undefined;
}

/**
 * What an attempt of a stranger is taken from: what the account has for all strangers, and what the address has for all
 * accounts. Named by id, username and email, an account has three of them; were it one, an exhausted one would tell
 * which names are the same user's.
 */
export function strangersBudgets({ account, address }: Trier, limits: Limits, secrets: Secrets): Budget[] {
  return [
    { key: secrets.hash('attempts', ...nameOf(account)), perHour: limits.attemptsPerAccount },
    ...ofAddress('attempts', address, limits.attemptsPerAddress, secrets),
  ];
}

/**
 * What an attempt from an address that the account knows is taken from: strangers cannot exhaust it. There are two here
 * as well, so that the database has as much to do.
 */
export function ownersBudgets(userId: string, address: string, limits: Limits, secrets: Secrets): Budget[] {
  return ['own attempts', 'own attempts too'].map((use) => ({
    key: secrets.hash(use, userId, address),
    perHour: limits.attemptsPerAccount,
  }));
}

export function mailBudgets({ account, address }: Trier, limits: Limits, secrets: Secrets): Budget[] {
  return [
    { key: secrets.hash('mails', ...nameOf(account)), perHour: limits.mailsPerAccount },
    ...ofAddress('mails', address, limits.mailsPerAddress, secrets),
  ];
}

function ofAddress(use: string, address: string | undefined, perHour: number, secrets: Secrets): Budget[] {
  return address === undefined ? [] : [{ key: secrets.hash(`${use} from`, address), perHour }];
}

/** The name of an account as it is looked up: "id" and the id, say. */
export function nameOf(account: UserKey): string[] {
  return Object.entries<string>({ ...account }).flat();
}
