import type { Micros } from './micros.ts';

/** An event as it is kept. Absent fields are null. */
export interface StoredEvent {
  readonly id: string;
  readonly time: Micros;
  readonly receivedTime: Micros;
  readonly page: string;
  readonly userAgent: string | null;
  readonly ipAddress: string | null;
  readonly referrer: string | null;
  readonly sessionId: string | null;
  readonly userId: string | null;
  readonly duration: Micros | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
  readonly isBot: boolean;
  /** The time that the client gave, where its clock was off and `time` is corrected. */
  readonly originalTime: Micros | null;
}

/** An event that obeys every rule and can be stored. */
export interface NewEvent extends Omit<StoredEvent, 'properties'> {
  /** As JSON. */
  readonly properties: string | null;
}
