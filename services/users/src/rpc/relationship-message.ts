import type { Relationship } from '@tidemark/contracts/users';
import { timestampOf } from '@tidemark/grpc-kit';
import type { Micros } from '../domain/clock.ts';
import type * as domain from '../domain/relationship.ts';

export function relationshipMessage(relationship: domain.Relationship): Relationship {
  const { userId, otherId, followingSince, followedSince, blockingSince } = relationship;
  return {
    userId,
    otherId,
    followingSince: timestampOrNone(followingSince),
    followedSince: timestampOrNone(followedSince),
    blockingSince: timestampOrNone(blockingSince),
  };
}

function timestampOrNone(time: Micros | null): Relationship['followingSince'] {
  return time === null ? undefined : timestampOf(time);
}
