import type { Kept } from '@tidemark/testing';

export interface Leak {
  readonly channel: string;
  readonly test: string;
  /** What it is: "email", "a mail address". */
  readonly what: string;
  /** What is around it, without it. */
  readonly around: string;
}

const shapes: readonly (readonly [string, RegExp])[] = [
  ['a hash of argon2', /\$argon2\w*[^\s"\\]*/],
  ['a verifier of SCRAM', /SCRAM-SHA-256\$[^\s"\\]*/],
  ['a mail address', /[\p{L}\d._%+'-]+@[\p{L}\d-]+(?:\.[\p{L}\d-]+)+/u],
  // What is wrong with an address is told with an example; the address of a database that is away may be told, in an
  // error's message and in its fields.
  [
    'an IP address',
    new RegExp(
      String.raw`(?<![\d.]|such as \\?"|connect E[A-Z]+ |"syscall":"connect","address":")` +
        String.raw`(?!127\.0\.0\.1(?!\d)|0\.0\.0\.0)\d{1,3}(?:\.\d{1,3}){3}(?![\d.])`,
    ),
  ],
];

/** Looks through what a run kept for its secrets, and for what looks like one. */
export function findLeaks(all: Iterable<Kept>): Leak[] {
  const outputs = new Map<string, Kept>();
  const secrets = new Map<string, string>();
  for (const kept of all) {
    if (kept.channel === 'secret') addSecret(secrets, kept.text);
    // Most lines differ by their time alone.
    else outputs.set(`${kept.channel} ${kept.text.replace(/"time":\d+/, '')}`, kept);
  }
  const search = searchFor(secrets);
  return [...outputs.values()].flatMap((kept) => leakOf(kept, search(kept.text) ?? shapeIn(kept.text)));
}

function addSecret(secrets: Map<string, string>, text: string): void {
  const [what, value] = JSON.parse(text) as [string, string];
  if (!isTelling(value)) return;
  secrets.set(value, what);
  // As it is within JSON.
  secrets.set(JSON.stringify(value).slice(1, -1), what);
}

/** Short words and numbers, which tests send as what is refused, are in many texts by chance. */
function isTelling(value: string): boolean {
  return value.length >= shortest && !/^(?:[a-z]{1,11}|\d{1,15}|127\.0\.0\.1)$/i.test(value);
}

const shortest = 7;

interface Found {
  readonly what: string;
  readonly value: string;
  readonly at: number;
}

/** Looks for all at once: those that begin as a place of the text does are few. */
function searchFor(secrets: ReadonlyMap<string, string>): (text: string) => Found | undefined {
  const byBeginning = new Map<string, string[]>();
  for (const value of secrets.keys()) {
    const beginning = value.slice(0, shortest);
    byBeginning.set(beginning, [...(byBeginning.get(beginning) ?? []), value]);
  }
  return (text) => {
    for (let at = 0; at + shortest <= text.length; at += 1) {
      const values = byBeginning.get(text.slice(at, at + shortest));
      const value = values?.find((each) => text.startsWith(each, at));
      if (value !== undefined) return { what: secrets.get(value) ?? '', value, at };
    }
    return undefined;
  };
}

function shapeIn(text: string): Found | undefined {
  for (const [what, shape] of shapes) {
    const match = shape.exec(text);
    if (match) return { what, value: match[0], at: match.index };
  }
  return undefined;
}

function leakOf({ channel, test, text }: Kept, found: Found | undefined): Leak[] {
  if (!found) return [];
  const { what, value, at } = found;
  const around = [text.slice(Math.max(0, at - 200), at), text.slice(at + value.length, at + value.length + 100)];
  return [{ channel, test, what, around: around.map((part) => part.replaceAll(value, mask)).join(mask) }];
}

const mask = '█████';
