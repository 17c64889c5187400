import { createTransport } from 'nodemailer';
import { DeliveryFailed, DeliveryRejected, ReceiverAway } from '../domain/outbox.ts';
import type { Mailer } from './mailer.ts';

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte on (smtps); else by STARTTLS. */
  readonly secure: boolean;
  /** Whether nothing is sent to a server that offers no STARTTLS. */
  readonly requireTls: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
}

const connectTimeoutMs = 10_000;
const idleTimeoutMs = 30_000;

export function smtpMailer({ host, port, secure, requireTls, auth }: SmtpServer, from: string): Mailer {
  const transport = createTransport({
    pool: true,
    maxConnections: 1,
    host,
    port,
    secure,
    requireTLS: requireTls,
    ...(auth && { auth }),
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: idleTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ to, subject, text }) {
      try {
        await transport.sendMail({ from, to: { name: '', address: to }, subject, text });
      } catch (error) {
        throw failureOf(error as SmtpError);
      }
    },
    close: () => transport.close(),
  };
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
}

/** What the server says is left out, and so is the error: both quote addresses. */
function failureOf({ code = 'unknown', command, responseCode }: SmtpError): DeliveryFailed {
  if (responseCode === undefined) return new ReceiverAway(`the SMTP server cannot be reached (${code})`);
  // https://www.rfc-editor.org/rfc/rfc5321#section-4.2.3
  if (responseCode === 421) return new ReceiverAway('the SMTP server is not available (421)');
  if (code === 'EAUTH')
    return new ReceiverAway(`the SMTP server does not accept the login of SMTP_URL (${responseCode})`);
  if (command === 'RCPT TO' && responseCode >= 500) {
    return new DeliveryRejected(`the SMTP server does not take mail for this recipient (${responseCode})`);
  }
  return new DeliveryFailed(`the SMTP server did not take the mail (${responseCode})`);
}
