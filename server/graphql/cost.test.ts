import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  Kind,
  parse,
  print,
  validate,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../platform/package-root.ts';
import { checkCost, costOf, MAX_COST } from './cost.ts';
import { examples } from './examples.ts';
import { checkDocument, DOCUMENT_LIMITS } from './limits.ts';
import { schema } from './schema.ts';

/** The largest pages that the UI asks for, by the operation where it is not the same for all. */
const SIZES: Record<string, object> = { ClusterDetail: { cells: 200 }, PlanClusters: { first: 20 } };
const sizesOf = (document: string) => ({ first: 100, cells: 60, ...SIZES[/\w+ (\w*)/.exec(document)![1]!] });

/** The documents of a program, each with the fragments that it spreads. */
function documentsOf(folder: string): string[] {
  const files = readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' });
  const texts = files
    .filter((file) => /(?<!\.test)\.(ts|svelte)$/.test(file))
    .flatMap((file) => [
      ...readFileSync(join(packageRoot, folder, file), 'utf8').matchAll(/graphql\(\s*`([^`]*)`/g),
    ]);
  const definitions = texts.flatMap(([, text = '']) => parse(text.replaceAll('@_unmask', '')).definitions);
  const fragments = new Map(
    definitions
      .filter(
        (definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION,
      )
      .map((fragment) => [fragment.name.value, print(fragment)]),
  );
  const whole = (text: string, known = new Set<string>()): string =>
    [...text.matchAll(/\.\.\.(?!on\b)(\w+)/g)].reduce((all, [, name = '']) => {
      if (known.has(name)) return all;
      known.add(name);
      return `${all}\n${whole(fragments.get(name)!, known)}`;
    }, text);
  return definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map((operation) => whole(print(operation)));
}

function cost(document: string, variables = {}) {
  const parsed = parse(document);
  expect(validate(schema, parsed).map(({ message }) => message)).toEqual([]);
  return costOf(schema, parsed, parsed.definitions[0] as OperationDefinitionNode, variables);
}

const fault = (document: string, variables?: Record<string, unknown>) => {
  try {
    checkCost(schema, parse(document), undefined, variables);
    return undefined;
  } catch (error) {
    const { message, extensions } = error as { message: string; extensions: Record<string, unknown> };
    return { message, ...extensions };
  }
};

describe('what an operation costs', () => {
  it('is how many values its answer can have', () => {
    expect(cost('{ system { id name } }').values).toBe(3);
    const clusters = (args: string) => cost(`{ clusters${args} { edges { node { id } } } }`).values;
    expect(clusters('(first: 7)')).toBe(1 + 7 * 3);
    expect(clusters('(last: 7)')).toBe(1 + 7 * 3);
    expect(clusters(''), 'the default size').toBe(1 + 50 * 3);
    expect(clusters('(first: 9000)'), 'the largest size').toBe(1 + 500 * 3);
    expect(clusters('(first: -3)')).toBe(1);
    expect(cost('{ cluster(id: "1") { cells(limit: 9) { id } } }').values).toBe(1 + 9 * 2);
    expect(cost('{ cluster(id: "1") { cells { id } } }').values, 'its own default').toBe(1 + 60 * 2);
    expect(cost('{ cluster(id: "1") { labels { key } } }').values, 'nobody says how long').toBe(1 + 10 * 2);
  });

  it('counts lists of values, lines of output, and what takes long to find out', () => {
    const nodes = (fields: string) => cost(`{ cluster(id: "1") { cells(limit: 7) { ${fields} } } }`).values;
    expect(nodes('lastOutput')).toBe(1 + 7 * (1 + 50));
    expect(cost('{ cluster(id: "1") { primary { capabilities } } }').values).toBe(2 + 10);
    const facets = Array.from({ length: 26 }, (_, n) => `f${n}: clusterFacets { kinds { count } }`).join(' ');
    expect(fault(`{ system { ${facets} } }`)).toMatchObject({
      ...{ code: 'INVALID', field: 'system.f0', allowed: MAX_COST },
    });
    expect(fault(`{ system { ${facets.slice(0, facets.indexOf('f20:'))} } }`)).toBeUndefined();
  });

  it('takes sizes from variables, their defaults, and fragments', () => {
    const document = `query ($n: Int = 4) { clusters(first: $n) { ...Page } }
      fragment Page on ClusterConnection { edges { node { id } } }`;
    expect(cost(document).values).toBe(1 + 4 * 3);
    expect(cost(document, { n: 11 }).values).toBe(1 + 11 * 3);
    expect(cost(document, { n: null }).values).toBe(1 + 50 * 3);
  });

  it('multiplies lists in lists, and is refused with the list that makes it dear', () => {
    const nested = `query ($n: Int) {
      system { clusters(first: $n) { edges { node { id labels { key value } history(first: 500) { edges { node { summary } } } } } } }
    }`;
    expect(fault(nested, { n: 10 })).toBeUndefined();
    expect(fault(nested, { n: 500 })).toMatchObject({
      code: 'INVALID',
      field: 'system.clusters.edges.node.history',
      cost: expect.any(Number),
      allowed: MAX_COST,
      message: expect.stringMatching(
        /costs 767,002, .* may cost 250,000\. Most of it is system\.clusters\.edges\.node\.history:/,
      ),
    });
  });

  it('counts each spread of a fragment, and does not take long over any number of them', () => {
    const doubling = (n: number) =>
      `{ cluster(id: "1") { ...F0 } }${Array.from(
        { length: n },
        (_, at) =>
          `fragment F${at} on Cluster { a: primary { cluster { ...F${at + 1} } } b: primary { cluster { ...F${at + 1} } } }`,
      ).join('')} fragment F${n} on Cluster { id }`;
    expect(cost(doubling(3)).values).toBe(1 + 4 + 8 + 16 + 8);
    expect(fault(doubling(16))).toMatchObject({ code: 'INVALID', allowed: MAX_COST });
    expect(fault(doubling(25))).toMatchObject({ limit: 'depth' });
    expect(
      fault(`{ ${Array.from({ length: 21 }, (_, at) => `a${at}: system { id }`).join(' ')} }`),
    ).toMatchObject({
      limit: 'root fields',
      allowed: 20,
    });
  });

  it('of all that UI and managers ask is less than half of what is allowed, and so is what is in their documents', () => {
    const own = [...documentsOf('ui/lib'), ...documentsOf('manager')];
    expect(own.length).toBeGreaterThan(20);
    const costs = own.map((document) => cost(document, sizesOf(document)).values);
    expect(Math.max(...costs)).toBeLessThan(MAX_COST / 2);
    expect(Math.max(...costs), 'the limit is not far above what there is').toBeGreaterThan(MAX_COST / 10);
    for (const document of own) checkDocument(document + document);
    checkDocument(examples);
  });

  it('of the examples of GraphiQL and README is less than half of what is allowed', () => {
    const readme = [
      ...readFileSync(join(packageRoot, 'README.md'), 'utf8').matchAll(/oc '(\{"query":.*\})'/g),
    ];
    const documents = readme.map(([, body = '']) => (JSON.parse(body) as { query: string }).query);
    expect(documents.length).toBeGreaterThanOrEqual(3);
    const parsed = parse(examples);
    const operations = parsed.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    expect(operations.length).toBeGreaterThan(5);
    const costs = [
      ...documents.map((document) => cost(document).values),
      ...operations.map(
        (operation) => costOf(schema, parsed, operation as OperationDefinitionNode, {}).values,
      ),
    ];
    expect(Math.max(...costs)).toBeLessThan(MAX_COST / 2);
  });
});

describe('a document', () => {
  const limitOf = (document: string) => {
    try {
      checkDocument(document);
      return undefined;
    } catch (error) {
      return (error as { extensions: Record<string, unknown> }).extensions['limit'];
    }
  };
  const times = (n: number, text: string | ((at: number) => string)) =>
    Array.from({ length: n }, (_, at) => (typeof text === 'string' ? text : text(at))).join(' ');

  it('is refused at the first thing too many, whatever follows', () => {
    const { aliases, directives, levels, tokens, characters } = DOCUMENT_LIMITS;
    const alias = (at: number) => `a${at}: __typename`;
    expect(limitOf(`{ ${times(aliases, alias)} }`)).toBeUndefined();
    expect(limitOf(`{ ${times(aliases + 1, alias)} }`)).toBe('aliases');
    // The rest is never read: it would not even do as a document.
    expect(limitOf(`{ ${times(aliases + 1, alias)} "unterminated`)).toBe('aliases');
    expect(limitOf(`{ system { name ${times(directives, '@skip(if: true)')} } }`)).toBeUndefined();
    expect(limitOf(`{ system { name ${times(directives + 1, '@skip(if: true)')} "`)).toBe('directives');
    expect(limitOf(`${'{ a '.repeat(levels)}`)).toBeUndefined();
    expect(limitOf(`${'{ a '.repeat(levels + 1)} "`)).toBe('levels');
    expect(limitOf(`{ a(x: ${'['.repeat(levels)} "`)).toBe('levels');
    expect(limitOf(`{ ${'a '.repeat(tokens - 2)} }`)).toBeUndefined();
    expect(limitOf(`{ ${'a '.repeat(tokens)} "`)).toBe('tokens');
    expect(limitOf(`{ a } #${'x'.repeat(characters)}`)).toBe('characters');
  });

  it('may name as many arguments as it likes, and hold any brackets in its texts', () => {
    const args = times(DOCUMENT_LIMITS.aliases + 1, (at) => `a${at}: 1`);
    expect(limitOf(`{ f(${args}) g(in: { ${args} }) h(t: "${'{'.repeat(100)}") }`)).toBeUndefined();
  });
});
