import { findCredential, type Credential } from '../db/find-credential.ts';
import { noteRightPassword } from '../db/note-right-password.ts';
import { giveBackToBudgets, takeFromBudgets } from '../db/take-from-budgets.ts';
import { nameOf, ownersBudgets, strangersBudgets, type Budget, type Trier } from '../domain/budget.ts';
import { addressHashOf } from './address-hash.ts';
import type { Dependencies } from './dependencies.ts';

/** Who a password is right for. */
export interface Proven {
  readonly userId: string;
  readonly passwordHash: string;
}

/**
 * Compares a password with that of a user who can sign in; undefined where it is wrong or there is no such user, after
 * the same work. What fails counts against the limits.
 * @throws AttemptsLimited, Overloaded
 */
export async function provePassword(
  dependencies: Dependencies,
  trier: Trier,
  password: string,
  signal: AbortSignal,
): Promise<Proven | undefined> {
  const { database, clock, passwords } = dependencies;
  const addressHash = addressHashOf(dependencies, trier.address);
  const em = database.session(signal);
  const found = await findCredential(em, trier.account, addressHash);
  const budgets = budgetsOf(dependencies, trier, found);
  // Taken beforehand: many at once would else all be within the limit.
  await takeFromBudgets(em, budgets, clock());
  const right = await givenBackOnFailure(dependencies, budgets, () =>
    passwords.verify({ passwordHash: found?.passwordHash, name: numberOf(dependencies, trier) }, password, signal),
  );
  if (!right || found?.passwordHash === undefined || found.state !== 'ACTIVE') return undefined;

  const { userId, passwordHash } = found;
  // Also for a caller who is gone by now: what is right costs nothing.
  await noteRightPassword(database.session(), budgets, { userId, passwordHash, addressHash }, clock());
  return { userId, passwordHash };
}

function budgetsOf({ limits, secrets }: Dependencies, trier: Trier, found: Credential | undefined): Budget[] {
  return found?.addressKnown && trier.address !== undefined
    ? ownersBudgets(found.userId, trier.address, limits, secrets)
    : strangersBudgets(trier, limits, secrets);
}

/** A call that is refused or leaves before its password is looked at has tried nothing. */
async function givenBackOnFailure<T>(
  { database }: Dependencies,
  budgets: readonly Budget[],
  verify: () => Promise<T>,
): Promise<T> {
  try {
    return await verify();
  } catch (error) {
    await giveBackToBudgets(database.session(), budgets);
    throw error;
  }
}

/** From 0 to 1, always the same for a name. */
function numberOf({ secrets }: Dependencies, { account }: Trier): number {
  return secrets.hash('decoy', ...nameOf(account)).readUInt32BE() / 2 ** 32;
}
