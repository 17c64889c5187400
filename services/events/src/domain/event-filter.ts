import { invalid } from './invalid-argument.ts';

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
}

const maxProperties = 16;
const maxTextLength = 4_096;

export const EventFilter = {
  /** Empty texts are absent conditions. */
  parse(
    given: { [Field in Exclude<keyof EventFilter, 'properties'>]?: string | undefined } & {
      properties?: Record<string, unknown> | undefined;
    },
  ): EventFilter {
    const { properties, ...texts } = given;
    const conditions: Record<string, string> = {};
    for (const [name, text] of Object.entries(texts)) {
      if (!text) continue;
      const field = `filter.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
      if (text.length > maxTextLength)
        throw invalid(field, `Is over ${maxTextLength} characters: no event holds that.`);
      if (text.includes('\0')) throw invalid(field, 'Holds a NUL: no event holds that.');
      conditions[name] = text;
    }
    return { ...conditions, ...(properties && { properties: propertyConditions(properties) }) };
  },
};

function propertyConditions(properties: Record<string, unknown>): ReadonlyArray<readonly [string, string]> {
  const entries = Object.entries(properties);
  if (entries.length > maxProperties) {
    throw invalid('filter.properties', `Holds ${entries.length} conditions: send at most ${maxProperties}.`);
  }
  return entries.map(([name, value]) => {
    const json = JSON.stringify(value) as string | undefined;
    if (json === undefined || name.includes('\0') || json.includes('\\u0000')) {
      throw invalid('filter.properties', `"${name}" needs a JSON value without NUL.`);
    }
    return [name, json] as const;
  });
}
