import { createHash } from 'node:crypto';
import { at, BadValue, InvalidFields, together } from './fields.ts';
import { parseText } from './text.ts';
import { parseUuid } from './uuid.ts';

/** A change of one balance, or of two that belong together. */
export interface Movement {
  readonly idempotencyKey: string;
  readonly kind: string;
  readonly description: string;
  readonly legs: readonly Leg[];
}

export interface Leg {
  readonly accountId: string;
  readonly amountMinor: bigint;
}

export interface PostingInput {
  readonly accountId: string;
  readonly amountMinor: bigint;
  readonly idempotencyKey: string;
  readonly kind: string;
  readonly description: string;
}

export interface TransferInput {
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amountMinor: bigint;
  readonly idempotencyKey: string;
  readonly description: string;
}

export function parsePosting(input: PostingInput): Movement {
  const { accountId, amountMinor, ...texts } = together({
    accountId: at('account_id', () => parseUuid(input.accountId)),
    amountMinor: at('amount_minor', () => parseAmount(input.amountMinor)),
    kind: at('kind', () => parseRequired(input.kind, maxKind)),
    ...textParsers(input),
  });
  return { ...texts, legs: [{ accountId, amountMinor }] };
}

export function parseTransfer(input: TransferInput): Movement {
  const { from, to, amountMinor, ...texts } = together({
    from: at('from_account_id', () => parseUuid(input.fromAccountId)),
    to: at('to_account_id', () => parseUuid(input.toAccountId)),
    amountMinor: at('amount_minor', () => parsePositive(input.amountMinor)),
    ...textParsers(input),
  });
  if (from === to) {
    throw new InvalidFields([{ field: 'to_account_id', description: 'must be another account than from_account_id' }]);
  }
  const legs = [
    { accountId: from, amountMinor: -amountMinor },
    { accountId: to, amountMinor },
  ];
  return { ...texts, kind: 'transfer', legs };
}

/** Tells a repeat of a movement from another one under the same key. */
export function movementFingerprint({ kind, description, legs }: Movement): string {
  const values = [kind, description, ...legs.flatMap(({ accountId, amountMinor }) => [accountId, String(amountMinor)])];
  return createHash('sha256').update(JSON.stringify(values)).digest('base64url');
}

const maxKey = 128;
const maxKind = 64;
const maxDescription = 1_000;

function textParsers(input: { idempotencyKey: string; description: string }) {
  return {
    description: at('description', () => parseText(input.description, maxDescription)),
    idempotencyKey: at('idempotency_key', () => parseRequired(input.idempotencyKey, maxKey)),
  };
}

function parseRequired(input: string, maxCharacters: number): string {
  if (input === '') throw new BadValue('must be given');
  return parseText(input, maxCharacters);
}

function parseAmount(amountMinor: bigint): bigint {
  if (amountMinor === 0n) throw new BadValue('must not be 0');
  return amountMinor;
}

function parsePositive(amountMinor: bigint): bigint {
  if (amountMinor <= 0n) throw new BadValue('must be from 1 on: swap the accounts to move it the other way');
  return amountMinor;
}
