import type { DatabaseSchema, SchemaDifference } from '@mikro-orm/postgresql';
import type { Step } from './step.ts';

/** The parts of a difference, in the order in which they have to be done, with the aggregates' steps around `rest`. */
export interface ViewsApart {
  gone: SchemaDifference;
  rest: SchemaDifference;
  made: SchemaDifference;
}

/**
 * Takes the views out of a difference, because they may read aggregates: they go before aggregates do, and come after
 * them. A view that stays as it is goes and comes too where an aggregate that it names is made anew.
 */
export function viewsApart(
  difference: SchemaDifference,
  from: DatabaseSchema,
  to: DatabaseSchema,
  steps: readonly Step[],
): ViewsApart {
  const dropped = steps
    .filter(({ sql }) => sql.startsWith('drop materialized view'))
    .map(({ hypertable }) => hypertable);
  const names = dropped.map((name) => name.slice(name.lastIndexOf('.') + 1));
  const touched = Object.fromEntries(
    from.getViews().flatMap((view) => {
      const name = view.schema === undefined ? view.name : `${view.schema}.${view.name}`;
      const after = to.getViews().find((each) => each.name === view.name && each.schema === view.schema);
      return after && names.some((each) => view.definition.includes(each)) ? [[name, { from: view, to: after }]] : [];
    }),
  );
  const { removedViews, newViews } = difference;
  const changed = { ...touched, ...difference.changedViews };
  const views = (pick: 'from' | 'to') =>
    Object.fromEntries(Object.entries(changed).map(([name, each]) => [name, each[pick]]));
  return {
    gone: { ...nothing(difference), removedViews: { ...views('from'), ...removedViews } },
    rest: { ...difference, newViews: {}, changedViews: {}, removedViews: {} },
    made: { ...nothing(difference), newViews: { ...newViews, ...views('to') } },
  };
}

function nothing({ fromSchema }: SchemaDifference): SchemaDifference {
  return {
    newTables: {},
    removedTables: {},
    changedTables: {},
    newViews: {},
    changedViews: {},
    removedViews: {},
    newRoutines: {},
    changedRoutines: {},
    removedRoutines: {},
    orphanedForeignKeys: [],
    newNativeEnums: [],
    removedNativeEnums: [],
    newNamespaces: new Set(),
    removedNamespaces: new Set(),
    fromSchema,
  };
}
