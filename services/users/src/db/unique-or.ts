import { UniqueConstraintViolationException } from '@mikro-orm/postgresql';
import { Clash, EmailTaken, UsernameTaken } from '../domain/user-errors.ts';
import { uniqueness } from './user-entity.ts';

/** A request with the same id has created a user. */
export class RequestIdSeen extends Clash {}

/** Says in the domain's words which value another user has. The database decides, also between two at once. */
export async function uniqueOr<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    if (!(cause instanceof UniqueConstraintViolationException)) throw cause;
    switch ((cause as { constraint?: string }).constraint) {
      case uniqueness.username:
        throw new UsernameTaken({ cause });
      case uniqueness.email:
        throw new EmailTaken({ cause });
      case uniqueness.requestId:
        throw new RequestIdSeen('a request with this id has created a user', { cause });
      default:
        throw cause;
    }
  }
}
