import { ReferenceKind, type EntityMetadata, type EntityProperty } from '@mikro-orm/core';
import type { Fail } from './fail.ts';

/** A property that one column holds. */
export interface ColumnProperty {
  readonly name: string;
  readonly column: string;
  readonly property: EntityProperty;
}

/** The properties of an entity that a query can be made of. */
export class Properties {
  readonly #byName: ReadonlyMap<string, ColumnProperty>;
  readonly #meta: EntityMetadata;
  readonly #fail: Fail;

  constructor(meta: EntityMetadata, fail: Fail) {
    this.#meta = meta;
    this.#fail = fail;
    this.#byName = new Map(
      Object.values<EntityProperty>(meta.properties).flatMap((property) => inOneColumn(meta, property)),
    );
  }

  /** @throws InvalidQuery where it is not in one column, naming the option */
  get(name: string, option: string): ColumnProperty {
    const found = this.#byName.get(name);
    if (found) return found;
    const problem = name in this.#meta.properties ? `"${name}" is not in one column` : `there is no property "${name}"`;
    return this.#fail(option, problem, `Use one of ${[...this.#byName.keys()].join(', ')}`);
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  [Symbol.iterator](): Iterator<ColumnProperty> {
    return this.#byName.values();
  }
}

function inOneColumn(meta: EntityMetadata, property: EntityProperty): [string, ColumnProperty][] {
  const { name, kind, formula, persist, owner, object } = property;
  const [column, second] = (property as Partial<EntityProperty>).fieldNames ?? [];
  if (column === undefined || second !== undefined || formula !== undefined || persist === false) return [];
  const hasColumn =
    kind === ReferenceKind.SCALAR ||
    kind === ReferenceKind.MANY_TO_ONE ||
    (kind === ReferenceKind.ONE_TO_ONE && owner) ||
    (kind === ReferenceKind.EMBEDDED && object === true);
  return hasColumn && !isElsewhere(meta, property) ? [[name, { name, column, property }]] : [];
}

/** In the JSON of an embedded object, or in the table of a parent. */
function isElsewhere(meta: EntityMetadata, { embedded, name }: EntityProperty): boolean {
  const properties: Readonly<Record<string, EntityProperty>> = meta.properties;
  if (embedded && properties[embedded[0]]?.object === true) return true;
  return meta.inheritanceType === 'tpt' && !(meta.ownProps ?? []).some((own) => own.name === name);
}
