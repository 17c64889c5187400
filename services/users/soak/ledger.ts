import type { TransferResponse } from '@tidemark/contracts/users';

/** A transfer, which is sent until it is answered. */
export interface SentTransfer {
  readonly idempotencyKey: string;
  readonly fromAccountId: string;
  readonly toAccountId: string;
  readonly amountMinor: bigint;
  /** How often it was sent. */
  sent: number;
  /** undefined: none yet. */
  answer: TransferResponse | 'refused' | undefined;
}

/** What was sent and what was answered. */
export class Ledger {
  readonly transfers: SentTransfer[] = [];
  readonly deviations: string[] = [];
  failures = 0;
  doubles = 0;

  get acknowledged(): number {
    return this.transfers.filter(({ answer }) => answer !== undefined && answer !== 'refused').length;
  }

  /** Every answer to a transfer is the first one again. */
  acknowledge(transfer: SentTransfer, answer: TransferResponse): void {
    const before = transfer.answer;
    if (before === undefined || before === 'refused') transfer.answer = answer;
    else if (textOf(before) !== textOf(answer)) {
      this.deviations.push(`two answers to ${transfer.idempotencyKey}: ${textOf(before)} and ${textOf(answer)}`);
    }
  }

  /** @param before the answer that there was when the refused call was sent */
  refuse(transfer: SentTransfer, before: SentTransfer['answer']): void {
    if (before !== undefined && before !== 'refused') {
      this.deviations.push(`${transfer.idempotencyKey} was acknowledged, and refused when it came again`);
    }
    transfer.answer ??= 'refused';
  }
}

function textOf(answer: TransferResponse): string {
  return JSON.stringify(answer, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}
