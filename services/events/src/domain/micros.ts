/** Microseconds, since 1970-01-01 UTC where it is a time: a whole number that is exact until the year 2255. */
export type Micros = number;

export const millisecond: Micros = 1_000;
export const second: Micros = 1_000_000;
export const minute: Micros = 60 * second;
export const hour: Micros = 60 * minute;
export const day: Micros = 24 * hour;
