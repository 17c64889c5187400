import { isbot } from 'isbot';

// The patterns take microseconds, and the visitors of a site share a few thousand user agents.
const mostKnown = 5_000;
const longestKnown = 512;
const known = new Map<string, boolean>();

/** Whether a user agent says of itself that it is a crawler or another program, by the list of the package isbot. */
export function isBot(userAgent: string): boolean {
  if (userAgent === '') return false;
  const before = known.get(userAgent);
  if (before !== undefined) return before;
  const bot = isbot(userAgent);
  if (userAgent.length <= longestKnown) {
    if (known.size >= mostKnown) known.clear();
    known.set(userAgent, bot);
  }
  return bot;
}
