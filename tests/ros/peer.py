"""A node of the live tests, in rclpy: commands as JSON lines on standard input, answers and events on standard output."""
import array
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time

import numpy as np
import rclpy
from rclpy.action import ActionClient, ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy

STATUS = {4: 'succeeded', 5: 'canceled', 6: 'aborted'}


def load(type_name):
    package, kind, name = type_name.split('/')
    return getattr(importlib.import_module(f'{package}.{kind}'), name)


def fill(message, values):
    for key, value in values.items():
        old = getattr(message, key)
        if hasattr(old, 'get_fields_and_field_types'):
            fill(old, value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            package, name = message.get_fields_and_field_types()[key].split('<')[-1].split('[')[0].rstrip('>').split('/')
            item = getattr(importlib.import_module(f'{package}.msg'), name)
            setattr(message, key, [fill(item(), one) for one in value])
        elif isinstance(old, np.ndarray):
            setattr(message, key, np.array(value, dtype=old.dtype))
        elif isinstance(old, bytes):
            setattr(message, key, bytes([value]))
        elif isinstance(old, float):
            setattr(message, key, float(value))
        else:
            setattr(message, key, value)
    return message


def plain(value):
    if hasattr(value, 'get_fields_and_field_types'):
        return {name: plain(getattr(value, name)) for name in value.get_fields_and_field_types()}
    if isinstance(value, bytes):
        return list(value)
    if isinstance(value, (np.ndarray, array.array, list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def profile(qos):
    return QoSProfile(
        depth=qos.get('depth', 10),
        reliability=ReliabilityPolicy.BEST_EFFORT if qos.get('reliability') == 'best_effort' else ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if qos.get('durability') == 'transient_local' else DurabilityPolicy.VOLATILE,
    )


class Peer:
    def __init__(self, node):
        self.node = node
        self.group = ReentrantCallbackGroup()
        self.things = {}
        self.finished = set()
        self.ended_subscriptions = queue.Queue()
        self.lock = threading.Lock()

    def tell(self, record):
        with self.lock:
            sys.stdout.write(json.dumps(record) + '\n')
            sys.stdout.flush()

    def publisher(self, name, type, topic, qos={}):
        self.things[name] = self.node.create_publisher(load(type), topic, profile(qos))

    def publish(self, name, message):
        publisher = self.things[name]
        publisher.publish(fill(publisher.msg_type(), message))

    def subscribe(self, name, type, topic, qos={}):
        def on_message(message):
            self.tell({'event': 'message', 'name': name, 'message': plain(message)})

        self.things[name] = self.node.create_subscription(load(type), topic, on_message, profile(qos), callback_group=self.group)

    def unsubscribe(self, name):
        self.ended_subscriptions.put(self.things.pop(name))
        self.node.executor.wake()

    def matched(self, name):
        thing = self.things[name]
        return thing.get_subscription_count() if hasattr(thing, 'get_subscription_count') else thing.get_publisher_count()

    def call(self, type, service, request, timeout_s=10.0, attempts=1):
        client = self.things.get(service) or self.node.create_client(load(type), service, callback_group=self.group)
        self.things[service] = client
        if not client.wait_for_service(timeout_s):
            raise RuntimeError(f'no service {service}')
        for left in reversed(range(attempts)):
            try:
                return plain(self.wait(client.call_async(fill(load(type).Request(), request)), timeout_s))
            except RuntimeError:
                if left == 0:
                    raise

    def serve(self, type, service, response):
        def answer(request, out):
            self.tell({'event': 'request', 'name': service, 'message': plain(request)})
            return fill(out, response)

        self.things[service] = self.node.create_service(load(type), service, answer, callback_group=self.group)

    def send_goal(self, type, action, goal, cancel_after_s=None, timeout_s=150.0):
        client = self.things.get(action) or ActionClient(self.node, load(type), action, callback_group=self.group)
        self.things[action] = client
        if not client.wait_for_server(timeout_s):
            raise RuntimeError(f'no action {action}')
        feedback = []

        def on_feedback(message):
            feedback.append(plain(message.feedback))
            self.tell({'event': 'feedback', 'name': action})

        sent = client.send_goal_async(fill(load(type).Goal(), goal), feedback_callback=on_feedback)
        handle = self.wait(sent, timeout_s)
        if not handle.accepted:
            return {'accepted': False}
        result = handle.get_result_async()
        if cancel_after_s is not None:
            time.sleep(cancel_after_s)
            self.wait(handle.cancel_goal_async(), timeout_s)
        done = self.wait(result, timeout_s)
        return {'accepted': True, 'status': STATUS[done.status], 'result': plain(done.result), 'feedback': feedback}

    def serve_action(self, type, action, ending, result, feedback):
        kind = load(type)

        def execute(handle):
            self.tell({'event': 'goal', 'name': action, 'message': plain(handle.request)})
            while not (handle.is_cancel_requested if ending == 'canceled' else action in self.finished):
                handle.publish_feedback(fill(kind.Feedback(), feedback))
                time.sleep(0.02)
            {'succeeded': handle.succeed, 'aborted': handle.abort, 'canceled': handle.canceled}[ending]()
            return fill(kind.Result(), result)

        self.things[action] = ActionServer(
            self.node, kind, action, execute, callback_group=self.group,
            goal_callback=lambda _: GoalResponse.REJECT if ending == 'rejected' else GoalResponse.ACCEPT,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )

    def finish(self, action):
        self.finished.add(action)

    def topics(self):
        return {name: types for name, types in self.node.get_topic_names_and_types()}

    def endpoints(self, topic):
        return [
            {'node': f"{one.node_namespace.rstrip('/')}/{one.node_name}", 'reliability': one.qos_profile.reliability.name.lower(),
             'durability': one.qos_profile.durability.name.lower(), 'hash': str(one.topic_type_hash)}
            for one in self.node.get_publishers_info_by_topic(topic)
        ]

    def wait(self, future, timeout_s):
        ends = time.monotonic() + timeout_s
        while not future.done():
            if time.monotonic() > ends:
                raise RuntimeError('no answer in time')
            time.sleep(0.002)
        return future.result()


def main():
    arguments = sys.argv[1:]
    rclpy.init(args=['peer', *arguments], signal_handler_options=SignalHandlerOptions.NO)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    node = rclpy.create_node('python_peer')
    peer = Peer(node)
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)

    def spin():
        while True:
            executor.spin_once()
            # Here, where no other thread is about to wait for them: spin() ends with InvalidHandle else.
            while not peer.ended_subscriptions.empty():
                node.destroy_subscription(peer.ended_subscriptions.get())

    threading.Thread(target=spin, daemon=True).start()
    peer.tell({'event': 'ready'})

    def run(command):
        number, operation = command.pop('id'), command.pop('op')
        try:
            peer.tell({'id': number, 'value': getattr(peer, operation)(**command)})
        except Exception as error:  # the test reads it
            peer.tell({'id': number, 'error': f'{type(error).__name__}: {error}'})

    # One after the other, but calls and goals, which wait, in threads of their own.
    commands = queue.Queue()

    def work():
        while True:
            command = commands.get()
            if command['op'] in ('call', 'send_goal'):
                threading.Thread(target=run, args=(command,), daemon=True).start()
            else:
                run(command)

    threading.Thread(target=work, daemon=True).start()
    for line in sys.stdin:
        commands.put(json.loads(line))
    os._exit(0)


main()
