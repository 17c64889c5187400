import { invalid } from './invalid-argument.ts';
import { problemOfProperties } from './properties.ts';

/** Which events a question is about: those that meet every condition that is there. */
export interface EventFilter {
  readonly page?: string;
  readonly pagePrefix?: string;
  readonly referrer?: string;
  readonly sessionId?: string;
  readonly userId?: string;
  readonly userAgentContains?: string;
  /** A name and the JSON of the value that it must have. */
  readonly properties?: ReadonlyArray<readonly [name: string, json: string]>;
  readonly excludeBots?: true;
}

const maxProperties = 16;

export const EventFilter = {
  /** Empty texts are absent conditions. */
  parse(
    given: { [Field in Exclude<keyof EventFilter, 'properties' | 'excludeBots'>]?: string | undefined } & {
      properties?: Record<string, unknown> | undefined;
      excludeBots?: boolean;
    },
  ): EventFilter {
    const { properties, excludeBots, ...texts } = given;
    const conditions: Record<string, string> = {};
    for (const [name, text] of Object.entries(texts)) {
      if (!text) continue;
      const field = `filter.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
      if (text.includes('\0')) throw invalid(field, 'Holds a NUL: no event holds that.');
      conditions[name] = text;
    }
    return {
      ...conditions,
      ...(properties && { properties: propertyConditions(properties) }),
      ...(excludeBots && { excludeBots }),
    };
  },
};

function propertyConditions(properties: Record<string, unknown>): ReadonlyArray<readonly [string, string]> {
  const entries = Object.entries(properties);
  if (entries.length > maxProperties) {
    throw invalid('filter.properties', `Holds ${entries.length} conditions: send at most ${maxProperties}.`);
  }
  const problem = problemOfProperties(properties, 'filter.properties');
  if (problem) throw invalid('filter.properties', `Holds what no event does: ${problem}`);
  // In the order of the names: a map has none, and a page token is bound to the filter.
  return entries.map(([name, value]) => [name, canonicalJson(value)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
