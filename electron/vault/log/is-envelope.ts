import { z } from 'zod';
import { leafOutcomeSchema } from '../../shared/log-data.ts';
import { roleSchema } from '../../shared/roles.ts';
import { isTexts, leafEnvelopeSchema, timeSyncSchema, type LeafEnvelope } from './leaf.ts';

/**
 * The same question as `leafEnvelopeSchema`, asked by hand: a check of a large record asks it of every entry, and this takes
 * a quarter of the time. A test holds the two together.
 */
export function isEnvelope(value: unknown): value is LeafEnvelope {
  return (
    isObject(value) &&
    Object.keys(value).length === memberCount &&
    value['v'] === 1 &&
    isCount(value['seq']) &&
    typeof value['event'] === 'string' &&
    isTime(value['at']) &&
    isCount(value['monotonicMs']) &&
    isBoot(value['bootId']) &&
    isTimeSync(value['timeSync']) &&
    isActor(value['actor']) &&
    isSession(value['session']) &&
    isDevice(value['device']) &&
    isPatient(value['patient']) &&
    isOutcome(value['outcome']) &&
    isVersion(value['app']) &&
    isTexts(value['texts']) &&
    isObject(value['data'])
  );
}

const memberCount = Object.keys(leafEnvelopeSchema.shape).length;

type Check = (value: unknown) => boolean;

const text =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const oneOf = (words: readonly string[]): Check => {
  const all = new Set<unknown>(words);
  return (value) => all.has(value);
};
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
/** Most entries have the computer, the start and the session of the one before. */
function uuid(): Check {
  const isUuid = text(z.regexes.uuid());
  let last: unknown = null;
  return (value) => {
    if (value === last && value !== null) return true;
    if (!isUuid(value)) return false;
    last = value;
    return true;
  };
}
const isRole = oneOf([...roleSchema.options, 'system']);
const isActorId = orNull(uuid());
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTime = text(z.regexes.datetime({ precision: 3 }));
const isBoot = uuid();
const isTimeSync = oneOf(timeSyncSchema.options);
function isActor(value: unknown): boolean {
  return (
    isObject(value) &&
    Object.keys(value).length === 2 &&
    value['id'] !== undefined &&
    isActorId(value['id']) &&
    isRole(value['role'])
  );
}
const isSession = orNull(uuid());
const isDevice = uuid();
const isPatient = orNull(text(/^[0-9a-f]{32}$/));
const isOutcome = oneOf(leafOutcomeSchema.options);
const isVersion = text(/^[0-9A-Za-z.+-]{1,40}$/);
