/** No such user. */
export class UserNotFound extends Error {
  /** @param who the id, or what the user was looked up by */
  constructor(who: string) {
    super(`There is no user ${who}.`);
  }
}

/** The user is deleted, and must be undeleted first. */
export class UserDeleted extends Error {
  constructor(id: string) {
    super(`The user ${id} is deleted. Undelete the user first.`);
  }
}

/** There is no deletion to take back. */
export class UserNotDeleted extends Error {
  constructor(id: string) {
    super(`The user ${id} is not deleted.`);
  }
}

/** The user has changed since the client read it. */
export class EtagMismatch extends Error {
  constructor(id: string) {
    super(`The user ${id} has changed since. Read the user again and send the current etag.`);
  }
}

/** A value that must be unique is taken. */
export class Clash extends Error {}

/** Another user has the username, in this or in another case. */
export class UsernameTaken extends Clash {
  constructor(options?: ErrorOptions) {
    super('The username is taken.', options);
  }
}

/** Another user has the email, in this or in another spelling. */
export class EmailTaken extends Clash {
  constructor(options?: ErrorOptions) {
    super('The email is taken.', options);
  }
}

/** A request with this id created a user from other values. */
export class RequestIdReused extends Error {
  constructor(requestId: string) {
    super(`The request_id ${requestId} was used to create another user. Make a new one for a new user.`);
  }
}

/** The user cannot be removed as long as an account of theirs is open. */
export class AccountOpen extends Error {
  constructor(id: string) {
    super(`The user ${id} has an open account. Close all accounts of the user first.`);
  }
}
