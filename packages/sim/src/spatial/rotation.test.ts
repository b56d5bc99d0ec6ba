import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  axisAngle,
  conjugate,
  fromRollPitchYaw,
  fromRotationVector,
  matrixToQuaternion,
  multiply,
  type Quaternion,
  quaternionToMatrix,
  rotate,
  toRotationVector,
} from './rotation.js';

const component = fc.double({ min: -1, max: 1, noNaN: true });
const quaternion = fc
  .tuple(component, component, component, component)
  .filter((parts) => Math.hypot(...parts) > 0.1)
  .map((parts): Quaternion => {
    const length = Math.hypot(...parts);
    return [parts[0] / length, parts[1] / length, parts[2] / length, parts[3] / length];
  });

describe('rotations', () => {
  it('turn x into y by a quarter turn about z', () => {
    const [x, y, z] = rotate(axisAngle([0, 0, 1], Math.PI / 2), [1, 0, 0]);
    expect([x, y, z]).toEqual([expect.closeTo(0), expect.closeTo(1), expect.closeTo(0)]);
  });

  it('follow URDF’s order: roll first, yaw last', () => {
    // Roll turns z to -y; the quarter turn of yaw brings that to x.
    const turned = rotate(fromRollPitchYaw(Math.PI / 2, 0, Math.PI / 2), [0, 0, 1]);
    expect(turned).toEqual([expect.closeTo(1), expect.closeTo(0), expect.closeTo(0)]);
  });

  it('agree between quaternion and matrix, both ways', () => {
    fc.assert(
      fc.property(quaternion, fc.tuple(component, component, component), (q, vector) => {
        const matrix = new Float64Array(9);
        quaternionToMatrix(q, matrix);
        const turned = rotate(q, vector);
        for (let row = 0; row < 3; row++) {
          const product = [0, 1, 2].reduce((sum, column) => sum + matrix[3 * row + column]! * vector[column]!, 0);
          expect(product).toBeCloseTo(turned[row]!, 12);
        }
        const back = matrixToQuaternion(matrix);
        const sign = q[0] < 0 ? -1 : 1;
        // At w = 0 both signs are right.
        if (Math.abs(q[0]) > 1e-6)
          back.forEach((value, index) => {
            expect(value).toBeCloseTo(sign * q[index]!, 9);
          });
      }),
    );
  });

  it('go to rotation vectors and back, tiny ones and half turns too', () => {
    fc.assert(
      fc.property(fc.tuple(component, component, component), fc.constantFrom(1, 1e-4, 1e-9, 1.8), (parts, scale) => {
        const vector = parts.map((value) => value * scale);
        const again = toRotationVector(fromRotationVector(vector[0]!, vector[1]!, vector[2]!));
        if (Math.hypot(...vector) < Math.PI)
          again.forEach((value, axis) => {
            expect(value).toBeCloseTo(vector[axis]!, 9);
          });
      }),
    );
    const half = toRotationVector(axisAngle([0, 1, 0], Math.PI));
    expect(Math.hypot(...half)).toBeCloseTo(Math.PI, 12);
  });

  it('are undone by the conjugate', () => {
    fc.assert(
      fc.property(quaternion, (q) => {
        const none = multiply(q, conjugate(q));
        expect(none[0]).toBeCloseTo(1, 12);
        expect(Math.hypot(none[1], none[2], none[3])).toBeCloseTo(0, 12);
      }),
    );
  });
});
