import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { until } from '@tidemark/testing';
import { keepSecret } from './planted/keep-secret.ts';

export interface ReceivedMail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A real SMTP server that keeps what it gets. */
export interface Mailbox {
  readonly port: number;
  readonly mails: ReceivedMail[];
  /** What it answers to the recipient of a mail instead of taking it, such as "550 no such user". */
  refusal: string | undefined;
  /** What it answers once it has a whole mail, instead of 250, */
  broken: string | undefined;
  /** and how often it has answered so. */
  broke: number;
  /** The mail to an address that has not been read yet. */
  next(to: string): Promise<ReceivedMail>;
  stop(): Promise<void>;
}

export async function mailbox(port = 0): Promise<Mailbox> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    // A client that goes away may reset the connection.
    converse(socket, box).catch(() => undefined);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const unread: ReceivedMail[] = [];
  const mails: ReceivedMail[] = [];
  const box: Mailbox & { take(mail: ReceivedMail): void } = {
    port: (server.address() as AddressInfo).port,
    mails,
    refusal: undefined,
    broken: undefined,
    broke: 0,
    take: (mail) => {
      keepSecret('token', tokenPattern.exec(mail.text)?.[0] ?? '');
      mails.push(mail);
      unread.push(mail);
    },
    async next(to) {
      const found: ReceivedMail[] = [];
      await until(`a mail comes to ${to}`, () => {
        const index = unread.findIndex((mail) => mail.to === to);
        if (index >= 0) found.push(...unread.splice(index, 1));
        return found.length > 0;
      });
      return found[0] as ReceivedMail;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  return box;
}

async function converse(socket: Socket, box: Mailbox & { take(mail: ReceivedMail): void }): Promise<void> {
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  let to = '';
  let body: string[] | undefined;
  say('220 mailbox');
  for await (const line of createInterface({ input: socket, crlfDelay: Infinity })) {
    if (body && line !== '.') body.push(line.replace(/^\.\./, '.'));
    else if (body) {
      if (box.broken === undefined) box.take(mailOf(to, body));
      else box.broke += 1;
      say(box.broken ?? '250 kept');
      body = undefined;
    } else if (/^(EHLO|HELO)/i.test(line)) say('250 mailbox');
    else if (/^RCPT TO/i.test(line)) {
      to = /<(.*?)>/.exec(line)?.[1] ?? '';
      say(box.refusal ?? '250 ok');
    } else if (/^DATA/i.test(line)) {
      body = [];
      say('354 go on');
    } else if (/^QUIT/i.test(line)) {
      say('221 bye');
      socket.end();
    } else say('250 ok');
  }
}

function mailOf(to: string, lines: readonly string[]): ReceivedMail {
  const [head = '', ...parts] = lines.join('\n').split('\n\n');
  const body = parts.join('\n\n');
  const quoted = /^content-transfer-encoding: quoted-printable/im.test(head);
  return { to, subject: /^subject: (.*)$/im.exec(head)?.[1] ?? '', text: quoted ? unquoted(body) : body };
}

function unquoted(text: string): string {
  return text
    .replaceAll('=\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

const tokenPattern = /[\w-]{43}/;

/** The token that a mail brings. */
export function tokenIn({ text }: ReceivedMail): string {
  const [token] = tokenPattern.exec(text) ?? [];
  if (token === undefined) throw new Error('the mail has no token');
  return token;
}
