import { AbstractNamingStrategy } from '@mikro-orm/postgresql';

/** Renames everything, with capitals, spaces, apostrophes and a word that SQL reserves. */
export class LoudNames extends AbstractNamingStrategy {
  classToTableName(name: string): string {
    return `Tom's ${name}`;
  }
  joinKeyColumnName(name: string): string {
    return this.propertyToColumnName(name);
  }
  joinColumnName(name: string): string {
    return this.propertyToColumnName(name);
  }
  joinTableName(source: string, target: string): string {
    return `${source} ${target}`;
  }
  propertyToColumnName(name: string): string {
    return name === 'time' ? 'select' : `It's ${name.toUpperCase()}`;
  }
  referenceColumnName(): string {
    return 'ID';
  }
}

/** With a question mark besides, which drivers take for a parameter. */
export class AskingNames extends LoudNames {
  override classToTableName(name: string): string {
    return `${super.classToTableName(name)}?`;
  }
}
