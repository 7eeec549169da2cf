import { expect, it } from 'vitest';
import { wrapperSettings } from './llama-runtime.ts';
import { importNodeLlamaCpp, type ChatHistoryItem } from './node-llama-cpp.ts';

const history: ChatHistoryItem[] = [
  { type: 'system', text: 'You write notes.' },
  { type: 'user', text: 'A made-up cough.' },
  { type: 'model', response: [] },
];

it('no template adds the day, or a wish to think aloud, which the record would not hold', async () => {
  const library = await importNodeLlamaCpp();
  const prompts = (isOurs: boolean): string[] =>
    [
      new library.Gemma4ChatWrapper(isOurs ? wrapperSettings.gemma4 : {}),
      new library.HarmonyChatWrapper(isOurs ? wrapperSettings.harmony : {}),
      new library.Llama3_1ChatWrapper(isOurs ? wrapperSettings['llama3.1'] : {}),
      new library.Llama3_2LightweightChatWrapper(isOurs ? wrapperSettings['llama3.2-lightweight'] : {}),
    ].map((wrapper) => wrapper.generateContextState({ chatHistory: history }).contextText.toString());
  const added = /<\|think\|>|Current date|Today Date|Reasoning: (?:medium|high)/;
  expect(prompts(true).filter((prompt) => added.test(prompt))).toEqual([]);
  // What they add of themselves: this test sees it.
  expect(prompts(false).filter((prompt) => added.test(prompt))).toHaveLength(4);
});
