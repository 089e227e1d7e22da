"""One trace leads from a request to its pictures, and without an endpoint nothing is imported."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from maquette.core import tracing
from maquette.core.settings import Settings
from tests.api.conftest import Rooms, Worker
from tests.api.test_api import _ask, _events


class _Receiver:
    """Takes traces as OpenTelemetry's collector does, over HTTP."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                content = self.rfile.read(int(self.headers["Content-Length"]))
                for of_resource in ExportTraceServiceRequest.FromString(content).resource_spans:
                    for of_scope in of_resource.scope_spans:
                        receiver.spans.extend(of_scope.spans)
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[_Receiver]:
    made = _Receiver()
    tracing.configure(Settings(otel_endpoint=made.url), "maquette-test")
    yield made
    tracing.close()
    made.close()


def test_a_trace_leads_from_the_request_to_its_pictures(
    receiver: _Receiver, rooms: Rooms, worker: Worker
) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    rooms.client.headers["traceparent"] = parent
    asked = _ask(rooms.client)
    del rooms.client.headers["traceparent"]
    assert _events(rooms.client, asked)[-1][0] == "succeeded"
    tracing.close()
    spans = {span.name: span for span in receiver.spans}
    post, job = spans["POST /v1/generations"], spans["job"]
    assert post.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert post.parent_span_id.hex() == "b7ad6b7169203331"
    assert job.parent_span_id == post.span_id
    said = {one.key: one.value for one in post.attributes}
    assert said["http.response.status_code"].int_value == 202
    for name in ("encode", "denoise", "decode", "store"):
        assert spans[name].trace_id == post.trace_id
        assert spans[name].parent_span_id == job.span_id
        assert job.start_time_unix_nano <= spans[name].start_time_unix_nano
        assert spans[name].end_time_unix_nano <= job.end_time_unix_nano
    assert spans["denoise"].end_time_unix_nano <= spans["decode"].start_time_unix_nano
    events = "GET /v1/generations/{generation_id}/events"
    assert spans[events].trace_id != post.trace_id


def test_without_an_endpoint_nothing_of_it_is_imported(rooms: Rooms) -> None:
    assert tracing.carried() == {}
    with tracing.span("nothing") as span:
        assert span is None
    code = (
        "import sys; from maquette.core import tracing\n"
        "from maquette.core.settings import Settings\n"
        "import maquette.api.app\n"
        "tracing.configure(Settings(), 'x'); tracing.past('x', 0)\n"
        "with tracing.span('x'): print(tracing.carried())\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{}\n[]\n"
