import type {
  CountRelationshipsRequest,
  FollowRequest,
  GetRelationshipResponse,
  ListBlockedResponse,
  ListFollowersRequest,
  ListFollowersResponse,
  ListFollowingResponse,
  RelatedUser,
} from '@tidemark/contracts/users';
import { Refusal } from './refusal.ts';
import { actor, present, userView, type Edge, type Seen, type State } from './state.ts';

type SeenRelationship = Seen<GetRelationshipResponse>;

/** RelationshipsService. */
export const edges = {
  follow(state: State, pair: FollowRequest, seen: SeenRelationship): unknown {
    checkPair(state, pair);
    const { userId, otherId } = pair;
    if (between(state.blocks, userId, otherId)) throw new Refusal('USER_BLOCKED');
    if (between(state.blocks, otherId, userId)) throw new Refusal('FOLLOW_REFUSED');
    if (!between(state.follows, userId, otherId)) make(state, 'follows', 'USER_FOLLOWED', pair);
    return relationship(state, pair, seen);
  },

  unfollow(state: State, pair: FollowRequest, seen: SeenRelationship): unknown {
    checkPair(state, pair);
    if (between(state.follows, pair.userId, pair.otherId)) end(state, 'follows', 'USER_UNFOLLOWED', pair);
    return relationship(state, pair, seen);
  },

  block(state: State, pair: FollowRequest, seen: SeenRelationship): unknown {
    checkPair(state, pair);
    const both = [pair.userId, pair.otherId];
    state.follows = state.follows.filter(({ from, to }) => !both.includes(from) || !both.includes(to));
    if (!between(state.blocks, pair.userId, pair.otherId)) make(state, 'blocks', 'USER_BLOCKED', pair);
    return relationship(state, pair, seen);
  },

  unblock(state: State, pair: FollowRequest, seen: SeenRelationship): unknown {
    checkPair(state, pair);
    if (between(state.blocks, pair.userId, pair.otherId)) end(state, 'blocks', 'USER_UNBLOCKED', pair);
    return relationship(state, pair, seen);
  },

  getRelationship(state: State, pair: FollowRequest, seen: SeenRelationship): unknown {
    checkPair(state, pair);
    return relationship(state, pair, seen);
  },

  countRelationships(state: State, { userId }: CountRelationshipsRequest): unknown {
    present(state, userId);
    return {
      followers: BigInt(state.follows.filter(({ from, to }) => to === userId && isPresent(state, from)).length),
      following: BigInt(state.follows.filter(({ from, to }) => from === userId && isPresent(state, to)).length),
    };
  },

  listFollowers: (state: State, { userId }: ListFollowersRequest, seen: Seen<ListFollowersResponse>): unknown => ({
    followers: listed(state, state.follows, { of: 'to', userId, other: 'from' }, seen.followers),
  }),
  listFollowing: (state: State, { userId }: ListFollowersRequest, seen: Seen<ListFollowingResponse>): unknown => ({
    following: listed(state, state.follows, { of: 'from', userId, other: 'to' }, seen.following),
  }),
  listBlocked: (state: State, { userId }: ListFollowersRequest, seen: Seen<ListBlockedResponse>): unknown => ({
    blocked: listed(state, state.blocks, { of: 'from', userId, other: 'to' }, seen.blocked),
  }),
};

function checkPair(state: State, { userId, otherId }: FollowRequest): void {
  if (userId === otherId) throw new Refusal('FIELD_INVALID', ['other_id']);
  present(state, userId);
  present(state, otherId);
}

function isPresent(state: State, id: string): boolean {
  return state.people.some((person) => person.id === id && person.gone === '' && !person.deleted);
}

function between(among: readonly Edge[], from: string, to: string): Edge | undefined {
  return among.find((edge) => edge.from === from && edge.to === to);
}

function make(state: State, which: 'follows' | 'blocks', action: string, { userId, otherId }: FollowRequest): void {
  state[which].push({ from: userId, to: otherId, since: undefined });
  state.audit.push({ userId, action, actor, details: { other_id: otherId } });
}

function end(state: State, which: 'follows' | 'blocks', action: string, { userId, otherId }: FollowRequest): void {
  state[which] = state[which].filter(({ from, to }) => from !== userId || to !== otherId);
  state.audit.push({ userId, action, actor, details: { other_id: otherId } });
}

/** The service's clock says since when; it stays so. */
function sinceOf(edge: Edge | undefined, seen: unknown): unknown {
  if (edge) edge.since ??= seen;
  return edge && (edge.since ?? 'some time');
}

function relationship({ follows, blocks }: State, { userId, otherId }: FollowRequest, seen: SeenRelationship): unknown {
  return {
    relationship: {
      ...{ userId, otherId },
      followingSince: sinceOf(between(follows, userId, otherId), seen.relationship?.followingSince),
      followedSince: sinceOf(between(follows, otherId, userId), seen.relationship?.followedSince),
      blockingSince: sinceOf(between(blocks, userId, otherId), seen.relationship?.blockingSince),
    },
  };
}

/** The latest first; deleted users are left out. */
function listed(
  state: State,
  among: readonly Edge[],
  { of, userId, other }: { of: 'from' | 'to'; userId: string; other: 'from' | 'to' },
  seen: readonly RelatedUser[] = [],
): unknown[] {
  present(state, userId);
  const edgesOf = among.filter((edge) => edge[of] === userId && isPresent(state, edge[other])).reverse();
  return edgesOf.map((edge) => {
    const found = seen.find(({ user }) => user?.id === edge[other]);
    return { user: userView(present(state, edge[other]), found?.user), since: sinceOf(edge, found?.since) };
  });
}
