export interface Violation {
  /** The path of the field in the request, such as `range.start`. */
  field: string;
  /** What is wrong and what to send instead. */
  description: string;
}

/** A request that cannot be meant: every wrong field with its remedy. */
export class InvalidArgument extends Error {
  readonly violations: readonly Violation[];

  constructor(...violations: Violation[]) {
    super(violations.map(({ field, description }) => `${field}: ${description}`).join(' '));
    this.violations = violations;
  }
}

export function invalid(field: string, description: string): InvalidArgument {
  return new InvalidArgument({ field, description });
}

type Parsed<Parsers> = { [Name in keyof Parsers]: Parsers[Name] extends () => infer Value ? Value : never };

/** The value of each parser, or one InvalidArgument with what all of them refuse. */
export function parseAll<Parsers extends Record<string, () => unknown>>(parsers: Parsers): Parsed<Parsers> {
  const values: Record<string, unknown> = {};
  const violations: Violation[] = [];
  for (const [name, parse] of Object.entries(parsers)) {
    try {
      values[name] = parse();
    } catch (error) {
      if (!(error instanceof InvalidArgument)) throw error;
      violations.push(...error.violations);
    }
  }
  if (violations.length > 0) throw new InvalidArgument(...violations);
  return values as Parsed<Parsers>;
}
