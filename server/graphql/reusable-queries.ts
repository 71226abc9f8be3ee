import { parse, validate, type DocumentNode, type GraphQLSchema } from 'graphql';
import { ByteLru } from '../platform/byte-lru.ts';
import { checkDocument } from './limits.ts';
import { compileQuery, type PlainQuery } from './plain-query.ts';
import { followsLog } from './unlogged.ts';

/** A valid query whose answer is the same as long as the event log is. */
export interface ReusableQuery {
  document: DocumentNode;
  /** Undefined: it takes the API's own executor. */
  execute: PlainQuery | undefined;
}

/** The queries that were asked last, each looked at once. What is kept takes a hundred times the memory of the text. */
export class ReusableQueries {
  readonly #schema: GraphQLSchema;
  readonly #known = new ByteLru<ReusableQuery | false>(32 * 1024 * 1024);

  constructor(schema: GraphQLSchema) {
    this.#schema = schema;
  }

  /** Undefined for what is no such query. A document with any mistake is not worth the question. */
  get(text: string, operationName: string | undefined): ReusableQuery | undefined {
    const key = `${operationName ?? ''}\n${text}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      known = this.#look(text, operationName) ?? false;
      this.#known.set(key, known, known ? 100 * text.length : 0);
    }
    return known || undefined;
  }

  #look(text: string, operationName: string | undefined): ReusableQuery | undefined {
    let document;
    try {
      checkDocument(text);
      document = parse(text);
    } catch {
      return undefined;
    }
    if (validate(this.#schema, document, undefined, { maxErrors: 1 }).length > 0) return undefined;
    if (!followsLog(this.#schema, document, operationName)) return undefined;
    return { document, execute: compileQuery(this.#schema, document, operationName) };
  }
}
