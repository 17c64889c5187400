import { readPasswordFile, StartupError, type Environment } from '@tidemark/grpc-kit';
import type { Links } from '../domain/token-mail.ts';
import type { MailTransport } from './mailer.ts';
import type { SmtpServer } from './smtp-mailer.ts';

export interface MailConfig {
  readonly transport: MailTransport;
  /** As mails name it, such as "Tidemark <no-reply@example.com>". */
  readonly from: string;
  readonly links: Links;
}

/** How mails leave: by SMTP, into a folder, or not at all. */
export function readMail(env: Environment): MailConfig {
  return {
    transport: readTransport(env),
    from: readFrom(env),
    links: {
      PASSWORD_RESET: readLink(env, 'PASSWORD_RESET_LINK'),
      EMAIL_VERIFICATION: readLink(env, 'EMAIL_VERIFICATION_LINK'),
    },
  };
}

function readTransport(env: Environment): MailTransport {
  const requireTls = readTlsRequired(env);
  const smtp = env['SMTP_URL'];
  const path = env['MAIL_DIRECTORY'];
  if (smtp && path) throw new StartupError('SMTP_URL and MAIL_DIRECTORY are both set: leave one of them out.');
  if (smtp) return { to: 'smtp', requireTls, ...readSmtp(smtp, env) };
  return path ? { to: 'directory', path } : { to: 'log' };
}

function readSmtp(text: string, env: Environment): Omit<SmtpServer, 'requireTls'> {
  const url = URL.parse(text);
  // The address holds a password, so that it is not repeated here.
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '') {
    throw new StartupError(
      'SMTP_URL is not the address of an SMTP server: set it to one such as smtp://user:password@host:587.',
    );
  }
  const secure = url.protocol === 'smtps:';
  const pass = readPasswordFile(env, 'SMTP_PASSWORD_FILE') ?? decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    auth: url.username === '' ? undefined : { user: decodeURIComponent(url.username), pass },
  };
}

function readTlsRequired(env: Environment): boolean {
  const text = env['SMTP_TLS'] || 'required';
  if (text === 'required' || text === 'optional') return text === 'required';
  throw new StartupError(
    `SMTP_TLS is "${text}": set it to required, or to optional for a server without TLS on a network that is safe.`,
  );
}

function readFrom(env: Environment): string {
  const from = env['MAIL_FROM'];
  if (from) {
    if (/^[^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/.test(from)) return from;
    throw new StartupError(`MAIL_FROM is "${from}": set it to a sender such as Tidemark <no-reply@example.com>.`);
  }
  if (!env['SMTP_URL']) return 'Tidemark <tidemark@localhost>';
  throw new StartupError('MAIL_FROM is not set, and SMTP_URL is: set it to a sender such as no-reply@example.com.');
}

function readLink(env: Environment, name: string): string | undefined {
  const link = env[name];
  if (!link) return undefined;
  if (URL.canParse(link) && link.includes('{token}')) return link;
  throw new StartupError(
    `${name} is "${link}": set it to an address with {token} in it, such as https://example.com/reset#{token}.`,
  );
}
