import { expect, it } from 'vitest';
import { annotationOf, markEnd, markStart, nextStrength, noRemarks, toggleReason } from './remarks.js';

it('marks a window from either end, and never an empty one', () => {
  const late = markStart(noRemarks, 1.5, 4);
  expect(late.window).toEqual({ fromSecs: 1.5, toSecs: 4 });
  expect(markEnd(late, 3).window).toEqual({ fromSecs: 1.5, toSecs: 3 });
  // An end before the start moves the start, and the other way round.
  expect(markEnd(late, 1).window).toEqual({ fromSecs: 0, toSecs: 1 });
  expect(markStart(markEnd(late, 3), 3.5, 4).window).toEqual({ fromSecs: 3.5, toSecs: 4 });
  expect(markStart(noRemarks, 4, 4)).toBe(noRemarks);
});

it('goes round the strengths', () => {
  let remarks = noRemarks;
  const seen = Array.from({ length: 4 }, () => {
    remarks = { ...remarks, strength: nextStrength(remarks) };
    return remarks.strength;
  });
  expect(seen).toEqual([1, 2, 3, null]);
});

it('sends what was added, and nothing when nothing was', () => {
  const remarks = { ...toggleReason(toggleReason(noRemarks, 'safer'), 'faster'), strength: 2 } as const;
  expect(annotationOf(noRemarks, undefined, true)).toBeUndefined();
  expect(annotationOf(noRemarks, [null, null], true)).toBeUndefined();
  expect(annotationOf(remarks, [[1, 3], null], true)).toEqual({
    windows: [[1, 3], null],
    reasons: ['safer', 'faster'],
    strength: 2,
  });
  expect(annotationOf(toggleReason(remarks, 'safer'), undefined, false)).toEqual({ reasons: ['faster'] });
});
