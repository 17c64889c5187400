/** What is wrong with one field of a request. */
export interface Violation {
  /** The path of the field in the request, such as `user.profile.bio`. */
  readonly field: string;
  /** Continues a sentence that begins with the field: "must have 3 to 64 characters". */
  readonly description: string;
}

/** Fields of a request that cannot be taken: all of them, so that they can be mended in one go. */
export class InvalidFields extends Error {
  readonly violations: readonly Violation[];

  constructor(violations: readonly Violation[]) {
    super(violations.map(({ field, description }) => `${field} ${description}`).join('; '));
    this.violations = violations;
  }
}

/** A value that cannot be taken, said by a parser that does not know which field it reads. */
export class BadValue extends Error {}

/** Names the field that `parse` reads. */
export function at<T>(field: string, parse: () => T): () => T {
  return () => {
    try {
      return parse();
    } catch (error) {
      if (error instanceof BadValue) throw new InvalidFields([{ field, description: error.message }]);
      throw error;
    }
  };
}

/** What each parser made, or one error that names every field that is wrong. */
export function inOrder<T>(parsers: readonly (() => T)[]): T[] {
  const values: T[] = [];
  const violations: Violation[] = [];
  for (const parse of parsers) {
    try {
      values.push(parse());
    } catch (error) {
      if (!(error instanceof InvalidFields)) throw error;
      violations.push(...error.violations);
    }
  }
  if (violations.length > 0) throw new InvalidFields(violations);
  return values;
}

type Parsers = Readonly<Record<string, () => unknown>>;
type Parsed<P extends Parsers> = { -readonly [Name in keyof P]: ReturnType<P[Name]> };

/** The same for parsers that have names. */
export function together<P extends Parsers>(parsers: P): Parsed<P> {
  const values = inOrder(Object.values(parsers));
  return Object.fromEntries(Object.keys(parsers).map((name, index) => [name, values[index]])) as Parsed<P>;
}
