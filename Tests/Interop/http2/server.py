"""All cases for a server."""
from .server_definitions import definitions
from .server_frames import frames
from .server_generic import generic
from .server_hpack import packing
from .server_messages import messages

CASES = [*generic, *frames, *definitions, *messages, *packing]
