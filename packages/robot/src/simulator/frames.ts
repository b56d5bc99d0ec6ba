import { type ArmCell, armBodies, matrixToQuaternion } from '@rapport/sim';
import type { Outgoing, TransformStamped } from '../graph/messages.js';
import type { RosTime } from '../graph/time.js';
import type { RobotNames } from './names.js';
import { toPose } from './robot-state.js';

type Transform = Outgoing<TransformStamped>;

/** Row-major rotation and position of a frame in the world. */
interface Placed {
  readonly position: ArrayLike<number>;
  readonly rotation: ArrayLike<number>;
}

/** Name of a camera's optical frame: x to the right, y down, z forward. */
export function opticalFrame(camera: string): string {
  return `${camera}_color_optical_frame`;
}

/** What stands still: the base in the world, the flange and the hand on their links, cameras where they are fixed. */
export function staticTransforms(cell: ArmCell, names: RobotNames, stamp: RosTime): Transform[] {
  const base = cell.body(armBodies.base);
  const hand = cell.body(armBodies.hand);
  const { mount, tcp } = cell.arm.hand;
  const [, , flange] = mount.position;
  const wrist = cell.cameras.at(-1)!;
  return [
    transform(stamp, names.world, names.base, base.position, matrixToQuaternion(base.rotation)),
    transform(stamp, names.base, names.link(0), [0, 0, 0], [1, 0, 0, 0]),
    transform(stamp, names.link(7), names.link(8), [0, 0, flange], [1, 0, 0, 0]),
    transform(stamp, names.link(8), names.hand, [0, 0, 0], mount.rotation),
    transform(stamp, names.hand, names.tcp, tcp.position, tcp.rotation),
    ...cell.cameras.slice(0, -1).map((camera) => {
      const { position, rotation } = cell.cameraPose(camera);
      return transform(stamp, names.world, opticalFrame(camera), position, matrixToQuaternion(rotation));
    }),
    relative(stamp, names.hand, hand, opticalFrame(wrist), cell.cameraPose(wrist)),
  ];
}

/** What moves: the links and the objects. */
export function movingTransforms(cell: ArmCell, names: RobotNames, stamp: RosTime): Transform[] {
  const links = [1, 2, 3, 4, 5, 6, 7].map((number) => {
    const parent = cell.body(number === 1 ? armBodies.base : armBodies.link(number - 1));
    return relative(stamp, names.link(number - 1), parent, names.link(number), cell.body(armBodies.link(number)));
  });
  const objects = cell.objects.map((name) => {
    const { position, rotation } = cell.body(name);
    return transform(stamp, names.world, name, position, matrixToQuaternion(rotation));
  });
  return [...links, ...objects];
}

function relative(stamp: RosTime, parent: string, from: Placed, child: string, to: Placed): Transform {
  const a = from.rotation;
  const b = to.rotation;
  const offset = [0, 1, 2].map((axis) => to.position[axis]! - from.position[axis]!);
  const position = [0, 1, 2].map((row) => a[row]! * offset[0]! + a[3 + row]! * offset[1]! + a[6 + row]! * offset[2]!);
  const rotation = new Float64Array(9);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 3; column++) {
      rotation[3 * row + column] = a[row]! * b[column]! + a[3 + row]! * b[3 + column]! + a[6 + row]! * b[6 + column]!;
    }
  }
  return transform(stamp, parent, child, position, matrixToQuaternion(rotation));
}

function transform(
  stamp: RosTime,
  parent: string,
  child: string,
  position: ArrayLike<number>,
  quaternion: readonly [number, number, number, number],
): Transform {
  const pose = toPose(position, quaternion);
  return {
    header: { stamp, frame_id: parent },
    child_frame_id: child,
    transform: { translation: pose.position, rotation: pose.orientation },
  };
}
