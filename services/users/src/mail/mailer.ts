import type { Logger } from '@tidemark/grpc-kit';
import { directoryMailer } from './directory-mailer.ts';
import { smtpMailer, type SmtpServer } from './smtp-mailer.ts';

export interface Mail {
  /** Names the mail, and tells nothing of it. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends mails. */
export interface Mailer {
  /** @throws DeliveryFailed, which says why without naming anybody */
  send(mail: Mail): Promise<void>;
  /** It may be called twice. */
  close(): void;
}

export type MailTransport =
  ({ readonly to: 'smtp' } & SmtpServer) | { readonly to: 'directory'; readonly path: string } | { readonly to: 'log' };

export function mailerOf(transport: MailTransport, from: string, log: Logger): Mailer {
  switch (transport.to) {
    case 'smtp':
      return smtpMailer(transport, from);
    case 'directory':
      return directoryMailer(transport.path, from);
    case 'log':
      return logMailer(log);
  }
}

/** For development: it tells that there is a mail, and neither of whom nor what is in it. */
function logMailer(log: Logger): Mailer {
  return {
    send({ id }) {
      log.info({ mail: id }, 'a mail was made that goes nowhere: set SMTP_URL, or MAIL_DIRECTORY to read it');
      return Promise.resolve();
    },
    close: () => undefined,
  };
}
