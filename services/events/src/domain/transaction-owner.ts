import { invalid } from './invalid-argument.ts';
import { isUuid } from './uuid.ts';

/** Whose transactions are asked for. */
export type TransactionOwner = { readonly accountId: string } | { readonly userId: string };

export const TransactionOwner = {
  parse(given: { accountId: string } | { userId: string } | undefined): TransactionOwner {
    if (!given) throw invalid('account_id', 'Required: send account_id or user_id.');
    if ('accountId' in given) return { accountId: uuidOf('account_id', given.accountId) };
    return { userId: uuidOf('user_id', given.userId) };
  },
};

function uuidOf(field: string, id: string): string {
  if (!isUuid(id)) throw invalid(field, 'Must be a UUID.');
  return id.toLowerCase();
}
