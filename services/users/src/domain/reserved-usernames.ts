// Names that could pass for the service's own or for whoever runs it, and mailboxes that RFC 2142 gives a meaning.
const reserved = new Set(
  `abuse account accounts admin administrator admins anonymous api app auth billing bot contact daemon deleted erased
  everyone ftp guest help helpdesk here hostmaster imap info localhost login logout mail mailerdaemon marketing me
  moderator moderators news nobody none noreply notifications null official operator owner password payments pop
  postmaster register root sales security self service settings signin signout signup smtp staff sudo superuser support
  sysadmin system team tidemark undefined unknown usenet username uucp webmaster www`.split(/\s+/),
);

/**
 * Whether a username is not for anybody to have, nor another spelling of it: with dots, hyphens and underscores, or with
 * characters that are wide or otherwise only variants.
 * @param key as `usernameKey` makes it
 */
export function isReserved(key: string): boolean {
  return reserved.has(key.normalize('NFKC').toLowerCase().replaceAll(/[._-]/g, ''));
}
