import { Migration } from '@mikro-orm/migrations';

export class ListUsersByState extends Migration {
  override up(): void {
    // Each state has an order of its own, so that a page of few users is not looked for among all others.
    this.addSql(`create index users_state_create_time on users.users (state, create_time, id)`);
    this.addSql(`create index users_state_username on users.users (state, username_key)`);
    this.addSql(`drop index users.users_create_time`);
  }
}
