import { setTimeout } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { TransferRequest, type AccountsServiceService } from '@tidemark/contracts/users';
import { RpcError, type RpcClient } from '@tidemark/grpc-kit';
import type { Dice } from '@tidemark/testing';
import type { Ledger, SentTransfer } from './ledger.ts';

export type AccountsClient = RpcClient<typeof AccountsServiceService>;

export interface ClientOptions {
  number: number;
  dice: Dice;
  ledger: Ledger;
  accountIds: readonly string[];
  /** Of the instances, all on one database. */
  clients: readonly AccountsClient[];
  /** Whether there is another transfer to make. */
  goesOn: () => boolean;
  /** Aborted when no reply is waited for any longer. */
  givenUp: AbortSignal;
}

const timeoutMs = 10_000;
const mostMinor = 400;
const rememberedForLater = 20;

/** Moves money between accounts at random, each transfer until it is answered, some of them twice. */
export class TransferClient {
  readonly #options: ClientOptions;
  readonly #forLater: SentTransfer[] = [];
  #serial = 0;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const { dice, ledger, goesOn } = this.#options;
    while (goesOn()) {
      const transfer = this.#next();
      ledger.transfers.push(transfer);
      if (dice.below(10) === 0) await this.#sendTwice(transfer);
      await this.#sendUntilAnswered(transfer);
      if (dice.below(rememberedForLater) === 0) this.#forLater.push(transfer);
      if (dice.below(2 * rememberedForLater) === 0) await this.#sendOldOne();
    }
    while (this.#forLater.length > 0) await this.#sendOldOne();
  }

  #next(): SentTransfer {
    const { dice, accountIds, number } = this.#options;
    const from = dice.below(accountIds.length);
    const to = (from + 1 + dice.below(accountIds.length - 1)) % accountIds.length;
    this.#serial += 1;
    return {
      idempotencyKey: `client ${number}, transfer ${this.#serial}`,
      fromAccountId: accountIds[from] ?? '',
      toAccountId: accountIds[to] ?? '',
      amountMinor: BigInt(1 + dice.below(mostMinor)),
      sent: 0,
      answer: undefined,
    };
  }

  /** At the same time, through all instances. */
  async #sendTwice(transfer: SentTransfer): Promise<void> {
    this.#options.ledger.doubles += 1;
    await Promise.all(this.#options.clients.map((client) => this.#send(transfer, client)));
  }

  /** One that was answered long ago. */
  async #sendOldOne(): Promise<void> {
    const { dice, ledger } = this.#options;
    const [transfer] = this.#forLater.splice(dice.below(this.#forLater.length), 1);
    if (!transfer?.answer || transfer.answer === 'refused') return;
    ledger.doubles += 1;
    await this.#sendUntilAnswered(transfer, true);
  }

  async #sendUntilAnswered(transfer: SentTransfer, again = false): Promise<void> {
    const { dice, clients, givenUp } = this.#options;
    if (transfer.answer !== undefined && !again) return;
    while (!givenUp.aborted && !(await this.#send(transfer, dice.pick(clients)))) {
      await setTimeout(20 + dice.below(200));
    }
  }

  async #send(transfer: SentTransfer, client: AccountsClient): Promise<boolean> {
    const { ledger } = this.#options;
    const before = transfer.answer;
    transfer.sent += 1;
    try {
      ledger.acknowledge(transfer, await client.transfer(TransferRequest.fromPartial(transfer), { timeoutMs }));
      return true;
    } catch (error) {
      if (error instanceof RpcError && error.reason === 'BALANCE_TOO_LOW') {
        ledger.refuse(transfer, before);
        return true;
      }
      if (!(error instanceof RpcError) || !passing.has(error.code))
        ledger.deviations.push(`an answer: ${String(error)}`);
      ledger.failures += 1;
      return false;
    }
  }
}

/** What killed processes and cut connections answer with. */
const passing: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.CANCELLED,
  status.INTERNAL,
  status.UNKNOWN,
]);
