import { isIPv4, isIPv6 } from 'node:net';

/** How much of a visitor's address is kept. */
export type IpMode = 'full' | 'truncated' | 'none';

/**
 * An address as it is kept, null where nothing is. Truncated are the last byte of an IPv4 and the last ten of an IPv6
 * address, which leaves the network and not the visitor.
 * @param address an IPv4 or IPv6 address without a scope
 */
export function keptAddress(address: string, mode: IpMode): string | null {
  if (address === '' || mode === 'none') return null;
  if (mode === 'full') return address;
  if (isIPv4(address)) return address.replace(/\d+$/, '0');
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address);
  if (mapped?.[1]) return `::ffff:${mapped[1]}.0`;
  const [network = ''] =
    groupsOf(address)
      .join(':')
      .match(/^[^:]*:[^:]*:[^:]*/) ?? [];
  return `${network}::`;
}

/** Without a scope ("fe80::1%eth0"), which means nothing beyond its host and which PostgreSQL refuses. */
export function isIpAddress(text: string): boolean {
  return isIPv4(text) || (isIPv6(text) && !text.includes('%'));
}

/** The eight groups of an IPv6 address in hexadecimal. */
export function groupsOf(address: string): string[] {
  // The URL standard's serializer shortens an address in one way, and has no dotted part.
  const shortened = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = shortened.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}
