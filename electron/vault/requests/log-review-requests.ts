import { appError } from '../../shared/app-error.ts';
import { entrySchema, userIdSchema, type UserId } from '../../shared/ids.ts';
import { err, ok } from '../../shared/result.ts';
import type { Anchoring } from '../session/anchoring.ts';
import type { Retention } from '../session/retention.ts';
import type { OpenSession } from '../session/open-session.ts';
import { recordEvent } from '../session/record-event.ts';
import type { Handlers } from './request-table.ts';

export type ReviewDeps = {
  readonly session: () => OpenSession;
  readonly nameOf: (userId: UserId) => string | null;
  readonly nowIso: () => string;
  readonly anchoring: () => Pick<Anchoring, 'now'>;
  readonly retention: () => Pick<Retention, 'status' | 'confirm'>;
};

/** Examining the record as a whole: saying that it was reviewed, and what IT and auditors must know at a glance. */
export function logReviewHandlers(
  deps: ReviewDeps,
): Pick<
  Handlers,
  'log.review' | 'log.digest' | 'log.activity' | 'log.anchor' | 'retention.get' | 'retention.confirm'
> {
  const { session } = deps;
  const nameOf = (id: string | null): string =>
    (id === null ? null : deps.nameOf(userIdSchema.parse(id))) ?? '';
  return {
    'log.review'({ upTo, note }) {
      const { digest, reader } = session();
      const from = entrySchema.parse((digest.lastReview()?.upTo ?? -1) + 1);
      if (upTo >= reader.size()) return err(notThere);
      if (upTo < from) return err(reviewedAlready);
      const receipt = recordEvent(session(), {
        type: 'record.reviewed',
        data: { from, to: upTo },
        texts: note === '' ? {} : { note },
      });
      return ok({ entry: receipt.seq, from, to: upTo });
    },
    'log.digest'({ from, to }) {
      const { digest, reader } = session();
      const review = digest.lastReview();
      const departure = digest.lastDeparture();
      return ok({
        ...digest.counts(from, to),
        logSize: reader.size(),
        unreviewedDays: digest.unreviewedDays(Date.parse(deps.nowIso())),
        lastReview:
          review === null
            ? null
            : { name: nameOf(review.actor), at: review.at, upTo: entrySchema.parse(review.upTo) },
        lastDeparture:
          departure === null ? null : { at: departure.at, entry: entrySchema.parse(departure.seq) },
      });
    },
    'retention.get': () => ok(deps.retention().status()),
    'retention.confirm'() {
      if (!deps.retention().confirm()) return err(nothingDue);
      return ok(deps.retention().status());
    },
    async 'log.anchor'() {
      const done = await deps.anchoring().now();
      return done === null ? err(noFolder) : ok(done);
    },
    'log.activity': ({ from, to }) => ok({ days: [...session().digest.activity(from, to)] }),
  };
}

const nothingDue = appError(
  'invalid-input',
  'Nothing is due, or the policy says that nothing is deleted for now (legalHold). Nothing was changed.',
);
const noFolder = appError(
  'invalid-input',
  'The policy names no folder for checkpoints (anchorFolder). Nothing was compared or written. Set it, or export a bundle: it holds a checkpoint too.',
);
const notThere = appError('record-not-found', 'There is no such entry in the record. Nothing was marked.');
const reviewedAlready = appError(
  'invalid-input',
  'All of these entries were marked as reviewed before. Nothing was changed.',
);
