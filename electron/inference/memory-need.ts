import { stepTokens } from '../shared/engine-step.ts';
import type { Llama, NodeLlamaCpp } from './node-llama-cpp.ts';

/**
 * What a model takes of the main memory with one conversation of `contextTokens`, from the header of its file.
 * @returns bytes; null where the header cannot be read: then the file is no model that could be loaded
 */
export async function memoryNeed(options: {
  readonly nodeLlamaCpp: NodeLlamaCpp;
  readonly llama: Llama;
  readonly path: string;
  readonly contextTokens: number;
}): Promise<number | null> {
  const { nodeLlamaCpp, llama, path, contextTokens } = options;
  try {
    const header = await nodeLlamaCpp.readGgufFileInfo(path, {
      sourceType: 'filesystem',
      logWarnings: false,
    });
    const insights = await nodeLlamaCpp.GgufInsights.from(header, llama);
    const contextSize = Math.min(contextTokens, insights.trainContextSize ?? contextTokens);
    const model = await insights.estimateModelResourceRequirementsV2({ gpuLayers: 0 });
    const context = await insights.estimateContextResourceRequirementsV2({
      contextSize,
      modelGpuLayers: 0,
      batchSize: stepTokens,
      sequences: 1,
    });
    const bytes = model.cpuRam + context.cpuRam;
    return Number.isSafeInteger(Math.ceil(bytes)) && bytes > 0 ? Math.ceil(bytes) : null;
  } catch {
    return null;
  }
}
