import { describe, expect, it } from 'vitest';
import { logEventTypeSchema, type LogEventType } from '../../shared/log-event-types.ts';
import { auditEventKinds } from './audit-event-kinds.ts';
import {
  eventOf,
  leafOf,
  leavesOfEachKind,
  linesOf,
  patient,
  type AuditEvent,
} from './audit-event-fixture.ts';
import { canonicalBytes } from './canonical-json.ts';

/**
 * The rules of the profiles Create, Read, Update and their Patient forms of IHE BALP 1.1 (github.com/IHE/ITI.BasicAudit,
 * input/fsh), one line for one rule. Two do not apply: `type` is `rest` and `subtype` a RESTful interaction, since nothing
 * RESTful happens here. So no event claims a profile.
 */
describe('an AuditEvent that is modelled on IHE BALP', () => {
  const dcm = (code: string) => ({ system: 'http://dicom.nema.org/resources/ontology/DCM', code });
  const modelled = logEventTypeSchema.options.filter((type) => auditEventKinds[type].pattern !== null);
  const having = (event: AuditEvent, code: string) =>
    event.agent.filter(({ type }) => type?.coding?.some((each) => each.code === code));

  it.each(modelled)('%s keeps the rules of its profile', (type) => {
    const { pattern } = auditEventKinds[type];
    const event = eventOf(leafOf(type));
    expect(event.action).toBe({ create: 'C', read: 'R', update: 'U' }[pattern ?? 'read']);
    expect(event.subtype?.length).toBeGreaterThanOrEqual(1);
    expect(event.recorded).toBeDefined();
    expect(event.outcome).toBe('0');
    expect(event.agent.length).toBeGreaterThanOrEqual(2);
    // The client is where data flows to when it is read, and where it comes from otherwise.
    const ends = ['110152', '110153'].map((code) => having(event, code));
    for (const [end, code] of [
      [ends[0], '110152'],
      [ends[1], '110153'],
    ] as const) {
      expect(end).toHaveLength(1);
      expect(end?.[0]).toMatchObject({ type: { coding: [dcm(code)] }, who: {}, network: {} });
      expect(end?.[0]).not.toHaveProperty('media');
    }
    const users = event.agent.filter((agent) => !ends.flat().includes(agent));
    expect(users).toHaveLength(1);
    expect(users[0]).toMatchObject({ who: {}, requestor: true, role: [{ text: 'clinician' }] });
    expect(users[0]).not.toHaveProperty('media');
    expect(users[0]).not.toHaveProperty('network');
    const allowed = pattern === 'read' ? ['IRCP'] : ['AUT', 'INF', 'CST'];
    expect(allowed).toContain(users[0]?.type?.coding?.[0]?.code);
    expect(event.source.observer).toBeDefined();
    const data = event.entity.filter((entity) => entity.type.code === '2');
    expect(data).toHaveLength(1);
    expect(['4', '3', '20']).toContain(data[0]?.role.code);
    expect(data[0]?.what).toBeDefined();
    const people = event.entity.filter((entity) => entity.type.code === '1');
    expect(people).toHaveLength(1);
    expect(people[0]).toMatchObject({
      role: { code: '1' },
      what: { type: 'Patient', identifier: { value: patient } },
    });
  });

  it.each(modelled)('%s has no patient where the entry is about none', (type) => {
    expect(eventOf(leafOf(type, { patient: null })).entity.map((entity) => entity.type.code)).toEqual(['2']);
  });

  it('sends a request from the app to the model, and an answer back', () => {
    const namesOf = (type: LogEventType) =>
      ['110153', '110152'].map((code) => having(eventOf(leafOf(type)), code)[0]?.name);
    expect(namesOf('prompt.submitted')).toEqual(['Cloister 0.1.0', 'local model']);
    expect(namesOf('response.completed')).toEqual(['local model', 'Cloister 0.1.0, record']);
    expect(namesOf('log.viewed')).toEqual(['Cloister 0.1.0, record', 'Cloister 0.1.0']);
  });

  it('never claims a profile', () => {
    for (const line of linesOf(leavesOfEachKind.map((leaf) => canonicalBytes(leaf)))) {
      expect(line).not.toContain('profile');
      expect(line).not.toContain('IHE');
    }
  });
});
