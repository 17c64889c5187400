import type { Database } from '../db/database.ts';
import { findUser } from '../db/find-user.ts';
import { makeToken } from '../db/make-token.ts';
import type { Clock, Micros } from '../domain/clock.ts';
import { openOrder, type MailOrder } from '../domain/mail-order.ts';
import { DeliveryFailed, DeliveryRejected, ReceiverAway, type Deliver, type OutboxMessage } from '../domain/outbox.ts';
import type { Secrets } from '../domain/secrets.ts';
import { tokenMail, type Links } from '../domain/token-mail.ts';
import { newToken } from '../domain/token.ts';
import type { User } from '../domain/user.ts';
import type { Mailer } from './mailer.ts';

export interface MailDelivery {
  readonly database: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly mailer: Mailer;
  readonly links: Links;
}

/** Whoever asked so long ago has asked again, or wants it no more. */
const tooOld: Micros = 3_600 * 1_000_000;

/** Makes the mails that were ordered, each with a new token, and sends them. */
export function mailDeliverer(delivery: MailDelivery): Deliver {
  return async (messages, signal) => {
    const failures = new Map<OutboxMessage, DeliveryFailed>();
    for (const message of messages) {
      try {
        signal.throwIfAborted();
        await deliver(delivery, message, signal);
      } catch (error) {
        failures.set(message, failureOf(error));
      }
    }
    return failures;
  };
}

/** Mails that are out are not to go out again, whatever becomes of the others. */
function failureOf(error: unknown): DeliveryFailed {
  return error instanceof DeliveryFailed ? error : new ReceiverAway('a mail cannot be made now', { cause: error });
}

async function deliver(
  { database, clock, secrets, mailer, links }: MailDelivery,
  { lane, payload, createTime }: OutboxMessage,
  signal: AbortSignal,
): Promise<void> {
  if (createTime + tooOld < clock()) return;
  const order = opened(payload, secrets);
  const em = database.session(signal);
  const user = await findUser(em, order.account);
  if (!user || !isMeant(order, user)) return;

  const token = newToken();
  const { purpose, actor } = order;
  await makeToken(em, { id: lane, hash: token.hash, purpose, user, actor }, clock());
  const text = tokenMail(purpose, { username: user.username.text, token: token.text }, links);
  await mailer.send({ id: lane, to: user.email.text, ...text });
}

function opened(payload: OutboxMessage['payload'], secrets: Secrets): MailOrder {
  try {
    return openOrder(payload, secrets);
  } catch {
    throw new DeliveryRejected('the mail was ordered with another key than users.settings has');
  }
}

function isMeant({ purpose }: MailOrder, { state, emailVerified }: User): boolean {
  return state === 'ACTIVE' && !(purpose === 'EMAIL_VERIFICATION' && emailVerified);
}
