import { useEffect, useRef, useState } from 'react';
import type { Fit, WorkspaceDraft } from '../../../electron/shared/turn-contract.ts';
import { useApp } from '../../app/app-context.ts';

/** Since the last key: a count is quick, and still not wanted for each letter. */
const measureAfterMs = 400;
/** Since the last key: whoever goes on typing would only have it read in vain. */
const prepareAfterMs = 2000;

export type SourceModel = {
  /** Null: not known, or there is nothing to measure. */
  readonly fit: Fit | null;
  /** How far the model has read the source ahead; null: it does not. */
  readonly prepared: number | null;
  /** The source is on the desk as it is: it need not be waited for. */
  prepareNow(desk: WorkspaceDraft): void;
};

/** How much of what the model reads at once the source takes, and how far it was read ahead. */
export function useSource(desk: WorkspaceDraft, isBusy: boolean): SourceModel {
  const { vault, state } = useApp();
  const [fit, setFit] = useState<Fit | null>(null);
  const [prepared, setPrepared] = useState<number | null>(null);
  const isReady = state.model.state === 'ready';
  const { sourceText, taskId, question, patientReference } = desk;
  const patient = patientReference.trim();
  const isEmpty = sourceText.trim() === '';

  useEffect(() => {
    if (!isReady || isEmpty) return;
    let isCurrent = true;
    const timer = setTimeout(() => {
      const asked = {
        taskId,
        sourceText,
        question: taskId === 'free-question' ? question : '',
        follows: null,
      };
      void vault.request('source.measure', asked).then((measured) => {
        if (isCurrent) setFit(measured.ok ? measured.value : null);
      });
    }, measureAfterMs);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [vault, isReady, isEmpty, sourceText, taskId, question]);

  const prepare = (reference: string, text: string): void => {
    if (reference.trim() === '' || text.trim() === '') return;
    void vault.request('source.prepare', { patientReference: reference, sourceText: text });
  };

  useEffect(() => {
    if (!isReady || isBusy || patient === '' || isEmpty) return;
    const timer = setTimeout(() => {
      void vault.request('source.prepare', { patientReference: patient, sourceText });
    }, prepareAfterMs);
    return () => {
      clearTimeout(timer);
    };
  }, [vault, isReady, isBusy, patient, isEmpty, sourceText]);

  // What was read about one patient is not kept while somebody works on another, or on nothing.
  const before = useRef(patient);
  useEffect(() => {
    if (before.current !== '' && before.current !== patient) void vault.request('source.release', {});
    before.current = patient;
  }, [vault, patient]);

  useEffect(
    () =>
      vault.onEvent((event) => {
        if (event.event === 'source.prepared') setPrepared(event.fraction);
      }),
    [vault],
  );

  return {
    fit: isReady && !isEmpty ? fit : null,
    prepared: isEmpty ? null : prepared,
    prepareNow: (now) => {
      prepare(now.patientReference, now.sourceText);
    },
  };
}
