import { MessageKind } from '@tidemark/contracts/users';
import type {
  AccountTransaction,
  CloseAccountRequest,
  CloseAccountResponse,
  GetAccountRequest,
  GetAccountResponse,
  ListAccountsRequest,
  ListAccountsResponse,
  OpenAccountRequest,
  OpenAccountResponse,
  PostTransactionRequest,
  PostTransactionResponse,
  ReconcileAccountRequest,
  ReconcileAccountResponse,
  TransferRequest,
  TransferResponse,
} from '@tidemark/contracts/users';
import { refuseFields } from './people.ts';
import { Refusal, type Reason } from './refusal.ts';
import { accountView, actor, checkEtag, there, type Money, type Seen, type State } from './state.ts';

/** AccountsService and OutboxService. */
export const money = {
  openAccount(state: State, request: OpenAccountRequest, seen: Seen<OpenAccountResponse>): unknown {
    const { userId, currency, limitMinor, requestId } = request;
    refuseFields([...(currency === 'XYZ' ? ['currency'] : []), ...(limitMinor > 0n ? ['limit_minor'] : [])]);
    const asked = `${userId} ${currency} ${limitMinor}`;
    const before = requestId && state.accounts.find((account) => account.requestId === requestId);
    if (before) {
      if (before.asked !== asked) throw new Refusal('REQUEST_ID_REUSED', ['request_id']);
      return { account: accountView(before, seen.account) };
    }
    refuseFrozen(state, there(state, userId).id);
    const id = seen.account?.id ?? 'a new id';
    const fresh = { balance: 0n, sequence: 0n, closed: false, etag: undefined, etags: [] };
    const account: Money = { id, userId, currency, limit: limitMinor, requestId, asked, ...fresh };
    state.accounts.push(account);
    state.audit.push({ userId, action: 'ACCOUNT_OPENED', actor, details: { account_id: id } });
    return { account: accountView(account, seen.account) };
  },

  getAccount(state: State, { id }: GetAccountRequest, seen: Seen<GetAccountResponse>): unknown {
    return { account: accountView(find(state, id), seen.account) };
  },

  listAccounts({ accounts }: State, { userId }: ListAccountsRequest, seen: Seen<ListAccountsResponse>): unknown {
    const listed = accounts.filter((account) => account.userId === userId);
    const seenOf = (id: string) => seen.accounts?.find((account) => account.id === id);
    return { accounts: listed.map((account) => accountView(account, seenOf(account.id))) };
  },

  closeAccount(state: State, { id, etag }: CloseAccountRequest, seen: Seen<CloseAccountResponse>): unknown {
    const account = find(state, id);
    if (account.closed) throw new Refusal('ACCOUNT_CLOSED');
    checkEtag(account, etag);
    if (account.balance !== 0n) throw new Refusal('BALANCE_NOT_ZERO');
    Object.assign(account, { closed: true, etag: undefined });
    state.audit.push({ userId: account.userId, action: 'ACCOUNT_CLOSED', actor, details: { account_id: id } });
    return { account: accountView(account, seen.account) };
  },

  postTransaction(state: State, request: PostTransactionRequest, seen: Seen<PostTransactionResponse>): unknown {
    const { accountId, amountMinor, kind, description } = request;
    refuseFields([...(amountMinor === 0n ? ['amount_minor'] : []), ...(kind === '' ? ['kind'] : [])]);
    const movement = { key: request.idempotencyKey, kind, description, legs: [{ accountId, amount: amountMinor }] };
    return moved(state, 'TRANSACTION_POSTED', movement, seen.error, () => {
      const [transaction] = transactionsOf(state, movement, [seen.transaction]);
      return { account: accountView(find(state, accountId), seen.account), transaction };
    });
  },

  transfer(state: State, request: TransferRequest, seen: Seen<TransferResponse>): unknown {
    const { fromAccountId: from, toAccountId: to, amountMinor, description } = request;
    refuseFields(amountMinor <= 0n ? ['amount_minor'] : from === to ? ['to_account_id'] : []);
    const legs = [
      { accountId: from, amount: -amountMinor },
      { accountId: to, amount: amountMinor },
    ];
    const movement = { key: request.idempotencyKey, kind: 'transfer', description, legs };
    return moved(state, 'MONEY_TRANSFERRED', movement, seen.error, () => {
      const both = [seen.fromTransaction, seen.toTransaction];
      const [fromTransaction, toTransaction] = transactionsOf(state, movement, both);
      const fromAccount = accountView(find(state, from), seen.fromAccount);
      return { fromAccount, toAccount: accountView(find(state, to), seen.toAccount), fromTransaction, toTransaction };
    });
  },

  /** Once all is delivered, as are the two below. */
  reconcileAccount(state: State, { id }: ReconcileAccountRequest, seen: Seen<ReconcileAccountResponse>): unknown {
    const account = find(state, id);
    const { balance, sequence } = account;
    const history = { count: sequence, sum: balance, undelivered: 0n };
    return { equal: true, differences: [], account: accountView(account, seen.account), history };
  },

  getOutbox(): unknown {
    const kinds = [MessageKind.TRANSACTION, MessageKind.MAIL, MessageKind.ERASE_USER];
    return { backlogs: kinds.map((kind) => ({ kind, waitingCount: 0n, failingCount: 0n, deadCount: 0n })) };
  },

  listDeadLetters: (): unknown => ({ deadLetters: [] as unknown[], nextPageToken: '' }),

  retryDeadLetters: (): unknown => ({ retriedCount: 0n }),
};

interface Movement {
  key: string;
  kind: string;
  description: string;
  legs: { accountId: string; amount: bigint }[];
}

const greatest = 2n ** 63n - 1n;

function find({ accounts }: State, id: string): Money {
  const account = accounts.find((one) => one.id === id);
  if (!account) throw new Refusal('ACCOUNT_NOT_FOUND');
  return account;
}

function refuseFrozen(state: State, userId: string): void {
  const { deleted, locked } = there(state, userId);
  if (deleted) throw new Refusal('USER_DELETED');
  if (locked) throw new Refusal('USER_LOCKED');
}

/** Once for each key; a repeat gets what the first one got. */
function moved(
  state: State,
  action: string,
  movement: Movement,
  error: string | undefined,
  reply: () => unknown,
): unknown {
  const { key, kind, description, legs } = movement;
  const asked = [kind, description, ...legs.flatMap(({ accountId, amount }) => [accountId, amount])].join();
  const before = state.movements[key];
  if (before && before.asked !== asked) throw new Refusal('IDEMPOTENCY_KEY_REUSED', ['idempotency_key']);
  const accounts = legs.map(({ accountId }) => {
    const account = find(state, accountId);
    if (!before && account.closed) throw new Refusal('ACCOUNT_CLOSED');
    if (!before) refuseFrozen(state, account.userId);
    return account;
  });
  if (before) return before.reply;
  if (new Set(accounts.map(({ currency }) => currency)).size > 1) throw new Refusal('CURRENCIES_DIFFER');
  refuseBalances(
    accounts.map(({ balance, limit }, i) => ({ balance: balance + (legs[i]?.amount ?? 0n), limit })),
    error,
  );
  accounts.forEach((account, i) => {
    account.balance += legs[i]?.amount ?? 0n;
    account.sequence += 1n;
    account.etag = undefined;
  });
  const first = reply() as Record<string, unknown>;
  const ids = [first['transaction'], first['fromTransaction'], first['toTransaction']].flatMap((one) => one ?? []);
  accounts.forEach(({ id, userId }, i) => {
    const details = { account_id: id, transaction_id: (ids[i] as AccountTransaction).id };
    state.audit.push({ userId, action, actor, details });
  });
  state.movements[key] = { asked, accountId: legs[0]?.accountId ?? '', reply: first };
  return first;
}

/** Where one balance is too low and another too high, either may be named. */
function refuseBalances(next: { balance: bigint; limit: bigint }[], error: string | undefined): void {
  const reasons: Reason[] = [];
  if (next.some(({ balance, limit }) => balance < limit)) reasons.push('BALANCE_TOO_LOW');
  if (next.some(({ balance }) => balance > greatest)) reasons.push('BALANCE_TOO_HIGH');
  const reason = reasons.find((one) => one === error) ?? reasons[0];
  if (reason) throw new Refusal(reason);
}

function transactionsOf(
  state: State,
  { kind, description, legs }: Movement,
  seen: (AccountTransaction | undefined)[],
): unknown[] {
  return legs.map(({ accountId, amount }, i) => {
    const { userId, currency, balance, sequence } = find(state, accountId);
    const id = seen[i]?.id ?? 'a new id';
    const common = { id, accountId, userId, currency, kind, description, sequence };
    return { ...common, amountMinor: amount, balanceAfterMinor: balance };
  });
}
