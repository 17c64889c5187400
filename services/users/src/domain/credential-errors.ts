/** Too much was tried, or too many mails asked for. */
export class AttemptsLimited extends Error {
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super('Too many attempts for this account or from this address. Wait as long as RetryInfo says.');
    this.retryAfterMs = retryAfterMs;
  }
}

/** More password hashes are asked for than can be made soon. */
export class Overloaded extends Error {
  constructor() {
    super('Too many passwords are being worked on. Try again a little later.');
  }
}

/** The current password is wrong, or the user cannot sign in: which of these, nobody is told. */
export class PasswordWrong extends Error {
  constructor() {
    super('The current password is not that of a user who can sign in.');
  }
}

/** The token opens nothing. */
export class TokenInvalid extends Error {
  constructor() {
    super('The token is unknown, used, ended or over ten minutes old. Request a new one.');
  }
}
