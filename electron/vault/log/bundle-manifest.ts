import type { JsonValue } from './canonical-json.ts';
import type { Selection } from './selection.ts';
import type { StandsOut } from './stands-out.ts';

type Facts = {
  readonly origin: string;
  readonly size: number;
  readonly clinicalText: 'withheld' | 'included';
  readonly appVersion: string;
  readonly flavour: 'release' | 'development';
};

/** manifest.json: FORMAT.md, "Bundle". @param previous the last note of `checkpoints.txt` */
export function fullManifest(
  facts: Facts,
  previous: string | null,
  { emergencies, newFrom, solePractitioner }: StandsOut,
): JsonValue {
  return {
    ...alike(facts, solePractitioner),
    kind: 'full',
    range: { from: 0, to: facts.size - 1 },
    previousCheckpoint: previous,
    emergencyAccess: {
      total: emergencies.length,
      sincePrevious: emergencies.filter((entry) => entry >= newFrom).length,
    },
  };
}

/** manifest.json: FORMAT.md, "Extract". */
export function extractManifest(
  facts: Facts,
  extract: {
    readonly selection: Selection;
    /** Leaves in it. */
    readonly records: number;
    /** The checkpoint that left the computer before. */
    readonly previous: string | null;
    readonly solePractitioner: boolean;
    /** Of its texts, after their time. */
    readonly deletedTexts: number;
  },
): JsonValue {
  const { selection, records, previous, solePractitioner, deletedTexts } = extract;
  return {
    ...alike(facts, solePractitioner),
    kind: 'extract',
    selection: { ...selection },
    records,
    previousCheckpoint: previous,
    ...(deletedTexts > 0 ? { deletedTexts } : {}),
  };
}

function alike(facts: Facts, solePractitioner: boolean) {
  return {
    format: 'cloister-audit-bundle/1',
    origin: facts.origin,
    treeSize: facts.size,
    clinicalText: facts.clinicalText,
    flavour: facts.flavour,
    app: facts.appVersion,
    solePractitioner,
  };
}
