/**
 * How long to wait after so many failures in a row: twice as long each time, at most `longestMs`. Half of it is random,
 * so that those who failed together do not come back together.
 */
export function backOffMs(
  failures: number,
  { shortestMs, longestMs }: { shortestMs: number; longestMs: number },
): number {
  const ms = Math.min(longestMs, shortestMs * 2 ** (failures - 1));
  return ms / 2 + (Math.random() * ms) / 2;
}
