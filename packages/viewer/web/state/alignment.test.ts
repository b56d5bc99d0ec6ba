import { expect, it } from 'vitest';
import { delaysFor, eventSecs, sharedEvents } from './alignment.js';

const clips = [
  { fps: 10, events: [{ kind: 'contact', frame: 5 }] },
  {
    fps: 20,
    events: [
      { kind: 'contact', frame: 40 },
      { kind: 'grasp', frame: 60 },
    ],
  },
  { fps: 10, events: [] },
] as const;

it('starts clips so that the event happens in all of them at once', () => {
  const delays = delaysFor(clips, 'contact');
  expect(delays).toEqual([1.5, 0, 0]);
  const moments = clips.slice(0, 2).map((clip, place) => delays[place]! + eventSecs(clip, 'contact')!);
  expect(moments).toEqual([2, 2]);
  expect(delaysFor(clips, undefined)).toEqual([0, 0, 0]);
});

it('offers events that two clips have', () => {
  expect(sharedEvents(clips)).toEqual(['contact']);
  expect(sharedEvents(clips.slice(0, 1))).toEqual([]);
});
