/** Microseconds since 1970-01-01 UTC. */
export type Micros = number;

export type Clock = () => Micros;

export const systemClock: Clock = () => Date.now() * 1_000;
