import { MalformedTime } from '@tidemark/grpc-kit';
import type { Micros } from '../domain/micros.ts';

/** Null where the message breaks the rules of its type. */
export function wellFormed<Message>(read: (message: Message) => Micros, message: Message): Micros | null {
  try {
    return read(message);
  } catch (error) {
    if (error instanceof MalformedTime) return null;
    throw error;
  }
}
