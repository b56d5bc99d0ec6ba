// One measured process: a node that answers every image with a command, and sends a command 100 times a second. The peer,
// peers/ros_loop.py, does the same with rclpy.
import {
  CommandPump,
  type Image,
  type JointTrajectory,
  messageCodec,
  openNode,
  qosProfiles,
  rosTimeFromSeconds,
} from '@rapport/robot';

/** As many points as a command of the policy runner has in motion. */
const POINTS = 25;
const PERIOD = 0.01;
const joints = [1, 2, 3, 4, 5, 6, 7].map((number) => `fer_joint${number}`);

const node = await openNode({ name: 'loop' });
const answer = node.publisher<JointTrajectory>(
  'trajectory_msgs/msg/JointTrajectory',
  '/bench/answer',
  qosProfiles.default,
);
const stream = node.publisher<JointTrajectory>(
  'trajectory_msgs/msg/JointTrajectory',
  '/bench/stream',
  qosProfiles.default,
);

function trajectory(first: number) {
  return Array.from({ length: POINTS }, (_, index) => ({
    positions: joints.map((_, joint) => first + 0.001 * index * joint),
    velocities: joints.map(() => 0.1),
    time_from_start: rosTimeFromSeconds(PERIOD * (index + 1)),
  }));
}

// Pictures as the runner reads them.
const codec = messageCodec<Image>('sensor_msgs/msg/Image');
node.subscribeRaw('sensor_msgs/msg/Image', '/bench/image', qosProfiles.default, (bytes) => {
  const { header, data } = codec.decode(bytes);
  let sum = 0;
  for (let place = 0; place < data.length; place += 97) sum += data[place]!;
  answer.publish({ header, joint_names: joints, points: trajectory(sum / data.length) });
});

const pump = new CommandPump(PERIOD, {
  now: () => Number(node.now()) / 1e9,
  even: true,
  tick(_now, due) {
    stream.publish({ header: { stamp: rosTimeFromSeconds(due) }, joint_names: joints, points: trajectory(0) });
    return true;
  },
  failed(error) {
    throw error;
  },
});
pump.start();
process.once('SIGTERM', () => {
  node.close();
  process.exit(0);
});
