import { expect, it } from 'vitest';
import { defaultTopics } from './default-topics.js';

const published = new Map([
  ['/left/franka/joint_states', ['sensor_msgs/msg/JointState']],
  ['/left/joint_states', ['sensor_msgs/msg/JointState']],
  ['/left/franka_gripper/joint_states', ['sensor_msgs/msg/JointState']],
  ['/left/franka_robot_state_broadcaster/measured_joint_states', ['sensor_msgs/msg/JointState']],
  ['/left/franka_robot_state_broadcaster/robot_state', ['franka_msgs/msg/FrankaRobotState']],
  ['/left/fer_arm_controller/joint_trajectory', ['trajectory_msgs/msg/JointTrajectory']],
  ['/left/target_pose', ['geometry_msgs/msg/PoseStamped']],
  ['/left/objects/cup/pose', ['geometry_msgs/msg/PoseStamped']],
  ['/left/camera/front/color/image_raw', ['sensor_msgs/msg/Image']],
  ['/left/camera/front/color/image_raw/compressed', ['sensor_msgs/msg/CompressedImage']],
  ['/left/camera/front/aligned_depth_to_color/image_raw', ['sensor_msgs/msg/Image']],
  ['/left/wrist/image_rect_raw/compressed', ['sensor_msgs/msg/CompressedImage']],
  ['/left/simulator/evaluation', ['rapport_msgs/msg/Evaluation']],
  ['/right/franka/joint_states', ['sensor_msgs/msg/JointState']],
  ['/rosout', ['rcl_interfaces/msg/Log']],
  ['/clock', ['rosgraph_msgs/msg/Clock']],
  ['/tf_static', ['tf2_msgs/msg/TFMessage']],
]);

it('takes what a recording of one robot needs, each thing once, and nothing that tells the score', () => {
  expect(defaultTopics(published, '/left')).toEqual([
    '/left/camera/front/color/image_raw',
    '/left/fer_arm_controller/joint_trajectory',
    '/left/franka/joint_states',
    '/left/franka_gripper/joint_states',
    '/left/franka_robot_state_broadcaster/robot_state',
    '/left/joint_states',
    '/left/target_pose',
    '/left/wrist/image_rect_raw/compressed',
    '/tf_static',
  ]);
});

it('takes those of every robot from the root', () => {
  expect(defaultTopics(published, '/')).toContain('/right/franka/joint_states');
  expect(defaultTopics(new Map(), '/')).toEqual([]);
});
