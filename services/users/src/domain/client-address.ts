import { isIP, isIPv4 } from 'node:net';
import { BadValue } from './fields.ts';

/**
 * The IP address of an end user in the form that is counted: whoever has an IPv6 address has the other 2^64 of its
 * network too, so that only the network stays. undefined where the caller does not know it.
 */
export function parseClientAddress(input: string): string | undefined {
  if (input === '') return undefined;
  if (isIP(input) === 0) throw new BadValue('must be an IPv4 or IPv6 address, such as "192.0.2.7" or "2001:db8::7"');
  return isIPv4(input) ? input : ofIpv6(groupsOf(input));
}

const mappedPrefix = '0:0:0:0:0:ffff';

function ofIpv6(groups: readonly number[]): string {
  const hex = groups.map((group) => group.toString(16));
  if (hex.slice(0, 6).join(':') !== mappedPrefix) return `${hex.slice(0, 4).join(':')}::/64`;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight groups of 16 bits. */
function groupsOf(ipv6: string): number[] {
  // The zone, behind a percent sign, is of the machine that saw the address. URL makes dotted parts hexadecimal.
  const host = new URL(`http://[${ipv6.replace(/%.*$/, '')}]`).hostname.slice(1, -1);
  const [front = '', back] = host.split('::').map((side) => (side === '' ? [] : side.split(':')));
  const [first, last] = [front === '' ? [] : front, back ?? []];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].map((group) => parseInt(group, 16));
}
