/** No such account. */
export class AccountNotFound extends Error {
  constructor(id: string) {
    super(`There is no account ${id}.`);
  }
}

/** Money moves no more. */
export class AccountClosed extends Error {
  constructor(id: string) {
    super(`The account ${id} is closed, for good. Open another.`);
  }
}

/** Only an empty account can be closed. */
export class BalanceNotZero extends Error {
  constructor(id: string) {
    super(`The account ${id} has a balance. Bring it to 0 first.`);
  }
}

/** The account has changed since the client read it. */
export class AccountEtagMismatch extends Error {
  constructor(id: string) {
    super(`The account ${id} has changed since. Read the account again and send the current etag.`);
  }
}

/** The user is locked: no account is opened, and no money moves. */
export class UserLocked extends Error {
  constructor(id: string) {
    super(`The user ${id} is locked. Unlock the user first.`);
  }
}

/** The money is not there. */
export class BalanceTooLow extends Error {
  constructor(options?: ErrorOptions) {
    super('The balance would fall below the limit of the account. Nothing was moved.', options);
  }
}

/** 64 bits do not hold so much. */
export class BalanceTooHigh extends Error {
  constructor(options?: ErrorOptions) {
    super('The balance would not fit into 64 bits. Nothing was moved.', options);
  }
}

export class CurrenciesDiffer extends Error {
  constructor() {
    super('The two accounts have different currencies. Nothing was moved.');
  }
}

/** A movement with this key did something else. */
export class IdempotencyKeyReused extends Error {
  constructor() {
    super('The idempotency_key was used for another movement of money. Make a new one for each.');
  }
}

/** A request with this id opened an account of other values. */
export class OpenRequestIdReused extends Error {
  constructor(requestId: string) {
    super(`The request_id ${requestId} was used to open another account. Make a new one for a new account.`);
  }
}

/** The service was started without the address of the events service. */
export class EventsUnknown extends Error {
  constructor() {
    super('The service was started without EVENTS_ADDRESS, so that it knows no history of accounts.');
  }
}

/** The events service does not answer. */
export class EventsAway extends Error {
  constructor(options?: ErrorOptions) {
    super('The events service, which has the history, does not answer. Try again.', options);
  }
}
