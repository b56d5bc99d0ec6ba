"""What other programs find in a bag: mcap with mcap-ros2-support, and rosbags. Usage: bag_check.py BAG_FOLDER"""

import json
import sys
from pathlib import Path

from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from rosbags.rosbag2 import Reader


def with_mcap(file: Path) -> dict:
    topics: dict[str, dict] = {}
    with open(file, "rb") as stream:
        reader = make_reader(stream, validate_crcs=True, decoder_factories=[DecoderFactory()])
        statistics = reader.get_summary().statistics
        for _, channel, message, decoded in reader.iter_decoded_messages():
            topic = topics.setdefault(channel.topic, {"messages": 0, "first": None, "logTime": str(message.log_time)})
            topic["messages"] += 1
            if topic["first"] is None:
                topic["first"] = list(getattr(decoded, "values", [])) or getattr(decoded, "data", None)
                if isinstance(topic["first"], bytes):
                    topic["first"] = list(topic["first"][:6])
    return {"indexed": statistics.message_count, "topics": topics}


def with_rosbags(folder: Path) -> dict:
    with Reader(folder) as reader:
        connections = {
            connection.topic: {
                "type": connection.msgtype,
                "messages": connection.msgcount,
                "reliability": [profile.reliability.name for profile in connection.ext.offered_qos_profiles],
            }
            for connection in reader.connections
        }
        return {"messages": sum(1 for _ in reader.messages()), "topics": connections}


folder = Path(sys.argv[1])
print(json.dumps({"mcap": with_mcap(next(folder.glob("*.mcap"))), "rosbags": with_rosbags(folder)}))
