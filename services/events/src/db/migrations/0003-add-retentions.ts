// Made from the model by "npx nx run events:create-migration".
import { Migration } from '@mikro-orm/migrations';

export class AddRetentions extends Migration {
  override up(): void {
    this.addSql(
      `create table "events"."retentions" ("hypertable" text not null, "drop_after" interval not null, primary key ("hypertable"));`,
    );
  }
}
