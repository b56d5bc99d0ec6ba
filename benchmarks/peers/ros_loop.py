"""One measured process: a node that answers every image with a command, and sends a command 100 times a second."""

import signal

import numpy as np
import rclpy
from builtin_interfaces.msg import Duration
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from sensor_msgs.msg import Image
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

POINTS = 25
PERIOD_NS = 10_000_000
JOINTS = [f'fer_joint{number}' for number in range(1, 8)]


def trajectory(header, first):
    message = JointTrajectory(joint_names=JOINTS)
    if header is not None:
        message.header = header
    for index in range(POINTS):
        time = PERIOD_NS * (index + 1)
        message.points.append(
            JointTrajectoryPoint(
                positions=[first + 0.001 * index * joint for joint in range(7)],
                velocities=[0.1] * 7,
                time_from_start=Duration(sec=time // 10**9, nanosec=time % 10**9),
            )
        )
    return message


class Loop(Node):
    def __init__(self):
        super().__init__('loop')
        self.answer = self.create_publisher(JointTrajectory, '/bench/answer', 10)
        self.stream = self.create_publisher(JointTrajectory, '/bench/stream', 10)
        self.create_subscription(Image, '/bench/image', self.on_image, 10)
        self.create_timer(PERIOD_NS / 1e9, self.on_timer)

    def on_image(self, image):
        data = np.frombuffer(image.data, dtype=np.uint8)
        self.answer.publish(trajectory(image.header, float(data[::97].sum()) / len(data)))

    def on_timer(self):
        message = trajectory(None, 0.0)
        message.header.stamp = self.get_clock().now().to_msg()
        self.stream.publish(message)


rclpy.init()
signal.signal(signal.SIGTERM, lambda *_: rclpy.try_shutdown())
try:
    rclpy.spin(Loop())
except (KeyboardInterrupt, ExternalShutdownException):
    pass
