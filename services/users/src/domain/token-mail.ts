import type { TokenPurpose } from './token.ts';

/** Where a mail leads its reader; the token takes the place of `{token}`. undefined: it shows the token alone. */
export type Links = Readonly<Record<TokenPurpose, string | undefined>>;

export interface MailText {
  readonly subject: string;
  readonly text: string;
}

/** The mail that brings a token. */
export function tokenMail(
  purpose: TokenPurpose,
  { username, token }: { username: string; token: string },
  links: Links,
): MailText {
  const { subject, lead, otherwise } = texts[purpose];
  const link = links[purpose];
  const way = link === undefined ? `With this code:\n\n${token}` : `Here:\n\n${link.replaceAll('{token}', token)}`;
  const text = [`Hello ${username},`, lead, way, `It works once, and for ten minutes. ${otherwise}`].join('\n\n');
  return { subject, text: `${text}\n` };
}

const texts: Record<TokenPurpose, { subject: string; lead: string; otherwise: string }> = {
  PASSWORD_RESET: {
    subject: 'Set a new password',
    lead: 'somebody, hopefully you, asked to set a new password for your account.',
    otherwise: 'If it was not you, there is nothing to do: your password stays as it is.',
  },
  EMAIL_VERIFICATION: {
    subject: 'Verify your email address',
    lead: 'please confirm that this is the email address of your account.',
    otherwise: 'If you have no account with us, somebody mistyped their address, and there is nothing to do.',
  },
};
