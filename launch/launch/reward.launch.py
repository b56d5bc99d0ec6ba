"""The learned reward of what a camera sees, beside a simulated or a real arm that runs already."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import EnvironmentVariable, LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

ARGUMENTS = [
    ('rapport', EnvironmentVariable('RAPPORT', default_value='rapport'), 'the command: ./rapport of a checkout'),
    ('reward', None, 'folder of the learned reward, or of the run that trained it'),
    ('camera', 'front', 'camera whose pictures are judged'),
    ('picture', '96', 'width and height of the pictures that the reward was learned from'),
    ('autostart', 'true', 'whether it judges at once; false when a lifecycle manager starts it'),
    ('namespace', '', 'namespace of the node'),
    ('use_sim_time', 'false', 'true beside the simulator'),
]


def generate_launch_description():
    share = FindPackageShare('rapport_bringup')
    reward = ExecuteProcess(
        cmd=[
            LaunchConfiguration('rapport'), 'ros', 'reward', LaunchConfiguration('reward'),
            '--camera', LaunchConfiguration('camera'), '--picture', LaunchConfiguration('picture'),
            '--autostart', LaunchConfiguration('autostart'), '--patience', '60',
            '--ros-args', '-r', ['__ns:=/', LaunchConfiguration('namespace')],
            '--params-file', PathJoinSubstitution([share, 'config', 'reward.yaml']),
            '-p', ['use_sim_time:=', LaunchConfiguration('use_sim_time')],
        ],
        output='screen',
        sigterm_timeout='10',
    )
    declared = [
        DeclareLaunchArgument(name, default_value=default, description=text) for name, default, text in ARGUMENTS
    ]
    return LaunchDescription([*declared, reward])
