import type {
  ChangePasswordRequest,
  RequestEmailVerificationRequest,
  RequestPasswordResetRequest,
  ResetPasswordRequest,
  VerifyEmailRequest,
  VerifyPasswordRequest,
} from '@tidemark/contracts/users';
import { UserState } from '@tidemark/contracts/users';
import { endTokens, isNamed, refuseFields, tell, wrongPasswords } from './people.ts';
import { Refusal } from './refusal.ts';
import { actor, stateOf, type Person, type Seen, type State } from './state.ts';

/** The mails that a call led to, with their tokens: what the test adds to the responses. */
type SeenMails = Seen<{ tokens: readonly string[] }>;

/** CredentialsService. */
export const secrets = {
  verifyPassword(state: State, { user, password }: VerifyPasswordRequest): unknown {
    const person = active(state).find((one) => (user?.$case === 'id' ? one.id === user.value : isNamed(one, user)));
    const verified = person !== undefined && isRight(person, password);
    return { verified, userId: verified ? person.id : '' };
  },

  changePassword(state: State, { userId, currentPassword, newPassword }: ChangePasswordRequest): unknown {
    refuseFields(wrongPasswords(newPassword, 'new_password'));
    const person = active(state).find(({ id }) => id === userId);
    if (!person || !isRight(person, currentPassword)) throw new Refusal('PASSWORD_WRONG');
    setPassword(state, person, newPassword, 'PASSWORD_CHANGED');
    return {};
  },

  requestPasswordReset(state: State, { email }: RequestPasswordResetRequest, seen: SeenMails): unknown {
    const person = active(state).find((one) => isNamed(one, { $case: 'email', value: email }));
    return mailed(state, person, 'PASSWORD_RESET', seen);
  },

  requestEmailVerification(state: State, { userId }: RequestEmailVerificationRequest, seen: SeenMails): unknown {
    const person = active(state).find(({ id, emailVerified }) => id === userId && !emailVerified);
    return mailed(state, person, 'EMAIL_VERIFICATION', seen);
  },

  resetPassword(state: State, { token, newPassword }: ResetPasswordRequest): unknown {
    refuseFields(wrongPasswords(newPassword, 'new_password'));
    const person = owner(state, token, 'PASSWORD_RESET');
    setPassword(state, person, newPassword, 'PASSWORD_RESET');
    verify(state, person);
    return { userId: person.id };
  },

  verifyEmail(state: State, { token }: VerifyEmailRequest): unknown {
    const person = owner(state, token, 'EMAIL_VERIFICATION');
    endTokens(state, person);
    verify(state, person);
    return { userId: person.id };
  },
};

function active({ people }: State): Person[] {
  return people.filter((person) => person.gone === '' && stateOf(person) === UserState.ACTIVE);
}

function isRight(person: Person, password: string): boolean {
  return person.password !== '' && person.password === password.normalize('NFC');
}

function setPassword(state: State, person: Person, password: string, action: string): void {
  person.password = password.normalize('NFC');
  endTokens(state, person);
  state.audit.push({ userId: person.id, action, actor, details: {} });
}

function mailed(state: State, person: Person | undefined, purpose: string, { tokens }: SeenMails): unknown {
  if (!person) return { tokens: [] };
  const token = tokens?.[0] ?? 'a new token';
  state.tokens.push({ token, userId: person.id, purpose });
  state.issued.push(token);
  state.audit.push({ userId: person.id, action: `${purpose}_REQUESTED`, actor, details: {} });
  return { tokens: [token] };
}

function owner({ tokens, people }: State, text: string, purpose: string): Person {
  const token = tokens.find((one) => one.token === text && one.purpose === purpose);
  const person = people.find(({ id }) => id === token?.userId);
  if (!person) throw new Refusal('TOKEN_INVALID');
  return person;
}

function verify(state: State, person: Person): void {
  if (person.emailVerified) return;
  Object.assign(person, { emailVerified: true, etag: undefined });
  tell(state, person, 'UPDATED');
  Object.assign(state.audit.at(-1) ?? {}, { action: 'EMAIL_VERIFIED' });
}
