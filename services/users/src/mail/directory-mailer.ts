import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { DeliveryFailed } from '../domain/outbox.ts';
import type { Mailer } from './mailer.ts';

/** Writes each mail into a file of its own, ID.eml, that only this user may read. */
export function directoryMailer(path: string, from: string): Mailer {
  const composer = createTransport({
    streamTransport: true,
    buffer: true,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send({ id, to, subject, text }) {
      const { message } = await composer.sendMail({ from, to: { name: '', address: to }, subject, text });
      const file = join(path, `${id}.eml`);
      try {
        await mkdir(path, { recursive: true });
        // Whoever watches the folder sees whole mails only.
        await writeFile(`${file}.part`, message as Buffer, { mode: 0o600 });
        await rename(`${file}.part`, file);
      } catch (error) {
        throw new DeliveryFailed(
          `a mail cannot be written into MAIL_DIRECTORY (${(error as NodeJS.ErrnoException).code})`,
        );
      }
    },
    close: () => undefined,
  };
}
