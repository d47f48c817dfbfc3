"""Stock clients of Python's library against a node's port for HTTP: http_client.py ADDRESS [TOKEN].

Prints a line for each answer: a name, and the answer as JSON.
"""
import datetime
import json
import sys
import urllib.error
import urllib.request
import xmlrpc.client

address = sys.argv[1]
headers = [("Authorization", "Bearer " + token) for token in sys.argv[2:]]


def post(path, body, kind):
    request = urllib.request.Request(f"http://{address}{path}", body, {"Content-Type": kind, **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, b""


def show(name, answer):
    print(f"{name}: {json.dumps(answer)}", flush=True)


def json_rpc(name, body):
    status, text = post("/jsonrpc", json.dumps(body).encode(), "application/json")
    show(name, [status, json.loads(text) if text else None])


def xml_rpc(name, call):
    try:
        show(name, call())
    except xmlrpc.client.Fault as fault:
        show(name, f"{fault.faultCode} {fault.faultString}")


show("xml status", post("/RPC2", b"<a/>", "text/xml")[0])
if post("/jsonrpc", b"{}", "application/json")[0] == 401:
    sys.exit()
server = xmlrpc.client.ServerProxy(f"http://{address}/RPC2", allow_none=True, use_builtin_types=True, headers=headers)
xml_rpc("xml echo", lambda: server.echo({"a": [1, 2.5, None, True, "дом"], "n": -2147483648, "b": 2 ** 31 - 1}))
xml_rpc("xml bytes", lambda: list(server.echo(b"\x00\x01\xff")))
xml_rpc("xml moment", lambda: server.echo(datetime.datetime(2026, 11, 22, 18, 21, 7)).isoformat())
xml_rpc("xml forwarded", lambda: getattr(server, "beta/echo")("there"))
xml_rpc("xml not allowed", lambda: server.deadly.die())
xml_rpc("xml not allowed there", lambda: getattr(server, "beta/lists.list")("box", 0, 1))
xml_rpc("xml nobody", lambda: getattr(server, "nobody/echo")("there"))
xml_rpc("xml wrong arguments", lambda: server.lists.list("box"))
json_rpc("json echo", {"jsonrpc": "2.0", "method": "echo", "params": [{"a": [1, 2.5, None]}], "id": "x"})
json_rpc("json named", {"jsonrpc": "2.0", "method": "instants.touch", "params": {"n": 6}, "id": 1})
json_rpc("json notification", {"jsonrpc": "2.0", "method": "instants.touch", "params": [7]})
json_rpc("json batch", [{"jsonrpc": "2.0", "method": "echo", "params": [1], "id": 1},
                        {"jsonrpc": "2.0", "method": "instants.touch", "params": [8]},
                        {"jsonrpc": "2.0", "method": "deadly.die", "id": 2}])
json_rpc("json no request", {"method": "echo"})
show("other type", post("/jsonrpc", b"{}", "text/plain")[0])
show("a form", post("/RPC2", b"a=b", "application/x-www-form-urlencoded")[0])
show("too long", post("/RPC2", b" " * (16 * 1024 * 1024 + 1), "text/xml")[0])
show("other path", post("/", b"{}", "application/json")[0])
