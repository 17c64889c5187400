import { keepOutput } from '@tidemark/testing';

const known = new Set<string>();

/** Tells the check at the end of the run of a value that must not be in any output. @param what "password", say */
export function keepSecret(what: string, value: string): void {
  const text = JSON.stringify([what, value]);
  if (known.has(text)) return;
  known.add(text);
  keepOutput('secret', text);
}
