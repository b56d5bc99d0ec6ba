import fc from 'fast-check';
import { expect, it } from 'vitest';
import { qosConflict, qosProfiles } from './qos.js';
import { fromRosTime, rosTimeFromSeconds, secondsOf, toRosTime } from './time.js';

it('turns nanoseconds into a time and back, also before zero', () => {
  expect(toRosTime(-1n)).toEqual({ sec: -1, nanosec: 999_999_999 });
  expect(toRosTime(1_500_000_000n)).toEqual({ sec: 1, nanosec: 500_000_000 });
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 60n), max: 2n ** 60n }), (nanoseconds) => {
      const time = toRosTime(nanoseconds);
      expect(fromRosTime(time)).toBe(nanoseconds);
      expect(time.nanosec).toBeGreaterThanOrEqual(0);
      expect(time.nanosec).toBeLessThan(1e9);
    }),
  );
});

it('rounds seconds to the next nanosecond, with a carry', () => {
  expect(rosTimeFromSeconds(1.9999999999)).toEqual({ sec: 2, nanosec: 0 });
  expect(rosTimeFromSeconds(-0.25)).toEqual({ sec: -1, nanosec: 750_000_000 });
  expect(secondsOf({ sec: -1, nanosec: 750_000_000 })).toBe(-0.25);
});

it('knows which publishers a subscription can listen to', () => {
  const { default: reliable, newest, latched } = qosProfiles;
  expect(qosConflict(reliable, newest)).toBeUndefined();
  expect(qosConflict(latched, reliable)).toBeUndefined();
  expect(qosConflict(newest, reliable)).toMatch(/best effort/);
  expect(qosConflict(reliable, latched)).toMatch(/volatile/);
});
