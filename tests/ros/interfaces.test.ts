import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rosLayout } from '@rapport/robot';
import { describe, expect, it } from 'vitest';
import { rosMissing } from './peers.js';

/**
 * Type hashes (REP 2011) of the originals: of TFMessage as `ros2 topic info -v /tf` shows it on Jazzy, of FollowJointTrajectory,
 * QueryTrajectoryState and their parts as builds of control_msgs contain them.
 */
const originals: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'tf2_msgs/msg/TFMessage': {
    'tf2_msgs/msg/TFMessage': 'RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087',
  },
  'control_msgs/action/FollowJointTrajectory': {
    'control_msgs/action/FollowJointTrajectory':
      'RIHS01_738ebcb7a2d7cfa42f9f1001cc99ce3a4383d1cfe508015d9be8485e4b1c66f6',
    'control_msgs/action/FollowJointTrajectory_Goal':
      'RIHS01_8a9060704b269608f5a340934cc26e66869dd14bdac29e2e7fd9ec8b9882d205',
    'control_msgs/action/FollowJointTrajectory_Result':
      'RIHS01_8002e99ed2c14c6faa522f2a93c26d744c5982f254f9e98ff9c6f19789bdb220',
    'control_msgs/msg/JointTolerance': 'RIHS01_c254f9cece0f3b733017b6990fd46d1326e25242d6b8844398c97d9a88e7d648',
    'control_msgs/msg/JointComponentTolerance':
      'RIHS01_739ea7566931944d33830fa10f1bf5e7a7fbdc3172bce7a7eaac642bd6e3ffa4',
  },
  'control_msgs/srv/QueryTrajectoryState': {
    'control_msgs/srv/QueryTrajectoryState': 'RIHS01_4a0935dffef18bc5b9e101c9d03d84e681ecd4cebd724b8f11fde008751a325a',
    'control_msgs/srv/QueryTrajectoryState_Request':
      'RIHS01_ec3322824b7a1ee850e03ff951f48b10395cab62a5a5662da32000f8b06aa791',
    'control_msgs/srv/QueryTrajectoryState_Response':
      'RIHS01_f7b920129b8d5841312bcb89e6275508e19b3735a371b2df6e417447a44ea5db',
  },
};

describe.skipIf(rosMissing !== undefined)('interface packages', () => {
  it.each(Object.entries(originals))('have the type hashes of the original: %s', (type, expected) => {
    const file = join(rosLayout.overlay, 'share', `${type}.json`);
    const { type_hashes } = JSON.parse(readFileSync(file, 'utf8')) as {
      type_hashes: { type_name: string; hash_string: string }[];
    };
    const built = Object.fromEntries(type_hashes.map(({ type_name, hash_string }) => [type_name, hash_string]));
    expect(built).toMatchObject(expected);
  });
});
