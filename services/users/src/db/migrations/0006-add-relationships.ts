import { Migration } from '@mikro-orm/migrations';

export class AddRelationships extends Migration {
  override up(): void {
    this.addSql(`
      create table users.follows (
        follower_id uuid not null
          constraint follows_follower_id_foreign references users.users (id) on delete cascade,
        followee_id uuid not null
          constraint follows_followee_id_foreign references users.users (id) on delete cascade,
        create_time timestamptz(6) not null,
        constraint follows_pkey primary key (follower_id, followee_id),
        constraint follows_self_check check (follower_id <> followee_id)
      )`);
    this.addSql(`create index follows_following on users.follows (follower_id, create_time, followee_id)`);
    this.addSql(`create index follows_followers on users.follows (followee_id, create_time, follower_id)`);

    this.addSql(`
      create table users.blocks (
        blocker_id uuid not null
          constraint blocks_blocker_id_foreign references users.users (id) on delete cascade,
        blocked_id uuid not null
          constraint blocks_blocked_id_foreign references users.users (id) on delete cascade,
        create_time timestamptz(6) not null,
        constraint blocks_pkey primary key (blocker_id, blocked_id),
        constraint blocks_self_check check (blocker_id <> blocked_id)
      )`);
    this.addSql(`create index blocks_blocking on users.blocks (blocker_id, create_time, blocked_id)`);
    this.addSql(`create index blocks_blocked on users.blocks (blocked_id)`);

    this.addSql(`grant select, insert, delete on users.follows, users.blocks to tidemark_users`);
  }
}
