import { parseEmail, type Email } from './email.ts';
import { at } from './fields.ts';
import { parseAvatarUrl, parseBio, parseDisplayName, parseLocale, parseTimeZone } from './profile.ts';
import { parseUsername, type Username } from './username.ts';

/** What clients decide about a user. */
export interface Attributes {
  readonly username: Username;
  readonly email: Email;
  readonly displayName: string;
  readonly bio: string;
  readonly avatarUrl: string;
  readonly locale: string;
  readonly timeZone: string;
}

export type AttributeParsers = { readonly [Name in keyof Attributes]: () => Attributes[Name] };

/** As clients send it. */
export interface AttributesInput {
  readonly username: string;
  readonly email: string;
  readonly displayName: string;
  readonly profile?: ProfileInput | undefined;
}

interface ProfileInput {
  readonly bio: string;
  readonly avatarUrl: string;
  readonly locale: string;
  readonly timeZone: string;
}

const noProfile: ProfileInput = { bio: '', avatarUrl: '', locale: '', timeZone: '' };
const noAttributes: AttributesInput = { username: '', email: '', displayName: '' };

/** A parser for each attribute, so that an update runs only those that its mask names. */
export function attributeParsers(user: AttributesInput = noAttributes): AttributeParsers {
  const profile = user.profile ?? noProfile;
  return {
    username: at('user.username', () => parseUsername(user.username)),
    email: at('user.email', () => parseEmail(user.email)),
    displayName: at('user.display_name', () => parseDisplayName(user.displayName)),
    bio: at('user.profile.bio', () => parseBio(profile.bio)),
    avatarUrl: at('user.profile.avatar_url', () => parseAvatarUrl(profile.avatarUrl)),
    locale: at('user.profile.locale', () => parseLocale(profile.locale)),
    timeZone: at('user.profile.time_zone', () => parseTimeZone(profile.timeZone)),
  };
}
