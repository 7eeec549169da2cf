import { structures, type StructureId } from '../shared/structures.ts';
import type { Llama, LlamaGrammar } from './node-llama-cpp.ts';

/** A grammar without an upper bound lets a weak model repeat rows until the answer's limit. */
const mostRows = 40;

/** Grammars that hold an answer to `{"rows": [...]}` with the columns of the form; each is made once. */
export function createStructureGrammars(
  llama: Pick<Llama, 'createGrammarForJsonSchema'>,
): (id: StructureId) => Promise<LlamaGrammar> {
  const made = new Map<StructureId, Promise<LlamaGrammar>>();
  return (id) => {
    const known = made.get(id);
    if (known !== undefined) return known;
    const grammar: Promise<LlamaGrammar> = llama.createGrammarForJsonSchema(jsonSchemaOf(id));
    made.set(id, grammar);
    return grammar;
  };
}

function jsonSchemaOf(id: StructureId) {
  const columns = structures[id].columns.map(
    ({ name, oneOf }) =>
      [name, oneOf === undefined ? { type: 'string' as const } : { enum: [...oneOf] }] as const,
  );
  return {
    type: 'object' as const,
    properties: {
      rows: {
        type: 'array' as const,
        maxItems: mostRows,
        items: { type: 'object' as const, properties: Object.fromEntries(columns) },
      },
    },
  };
}
