import { putIntoOutbox } from '../db/put-into-outbox.ts';
import { takeFromBudgets } from '../db/take-from-budgets.ts';
import { mailBudgets, type Trier } from '../domain/budget.ts';
import { sealOrder } from '../domain/mail-order.ts';
import type { TokenPurpose } from '../domain/token.ts';
import { uuidv7 } from '../domain/uuid.ts';
import type { Dependencies } from './dependencies.ts';

/**
 * Has a mail made for whoever has the account, if anybody: it is not looked up here, so that neither answer nor time tell.
 * @throws AttemptsLimited
 */
export async function orderMail(
  { database, clock, secrets, limits }: Dependencies,
  trier: Trier,
  { purpose, actor }: { purpose: TokenPurpose; actor: string },
  signal: AbortSignal,
): Promise<void> {
  const em = database.session(signal);
  const now = clock();
  await takeFromBudgets(em, mailBudgets(trier, limits, secrets), now);
  const payload = sealOrder({ purpose, account: trier.account, actor }, secrets);
  await putIntoOutbox(em, { kind: 'MAIL', lane: uuidv7(Math.floor(now / 1_000)), payload });
}
