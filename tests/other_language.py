"""A back office in another language: nats-py, plain JSON, the deployed NATS configuration.

Run by other_language.rs with the server's address; ends with 'ok' or a traceback.
"""

import asyncio
import json
import sys
import uuid
from datetime import datetime, timezone

import nats
from nats.js.api import AckPolicy, ConsumerConfig

URL = sys.argv[1]
SUBJECT = "countersign.yuanlan.api"


def expect(what, condition, found):
    if not condition:
        raise AssertionError(f"{what}: found {json.dumps(found, ensure_ascii=False)}")


class Desk:
    """One back-office system's connection."""

    def __init__(self, system):
        self.system = system

    async def connect(self):
        self.nc = await nats.connect(
            URL, user=self.system, password=f"{self.system}-of-the-test", inbox_prefix=f"_INBOX.{self.system}".encode()
        )
        return self

    async def raw(self, verb, payload):
        message = await self.nc.request(f"{SUBJECT}.{self.system}.{verb}", payload, timeout=10)
        return message.data

    async def ask(self, verb, person, position, **body):
        body.setdefault("request_id", str(uuid.uuid4()))
        body.setdefault("sent_at", datetime.now(timezone.utc).isoformat(timespec="milliseconds"))
        body |= {"person": person, "position": position}
        return json.loads(await self.raw(verb, json.dumps(body).encode()))

    async def done(self, verb, person, position, **body):
        reply = await self.ask(verb, person, position, **body)
        expect(f"{verb} by {position} is accepted", "ok" in reply, reply)
        return reply["ok"]

    async def refused(self, code, verb, person, position, field=None, **body):
        reply = await self.ask(verb, person, position, **body)
        refused(code, reply, field)
        return reply


def refused(code, reply, field=None):
    error = reply.get("error", {})
    expect(f"the refusal {code}", error.get("code") == code, reply)
    expect(f"a sentence with {code}", len(error.get("message", "").split()) >= 3, reply)
    expect(f"{code} names the sequence it saw", isinstance(reply.get("sequence"), int), reply)
    if field:
        expect(f"{code} is about {field}", error.get("field") == field, reply)


def contract(number, price, **more):
    return {
        "contract_no": number,
        "customer": "CU-JS-002",
        "lines": [{"product": "EB-P", "qty": 1, "price": {"amount": price, "currency": "CNY"}}],
        "days": 60,
        "prepay": "0%",
        "deliver_in": 30,
    } | more


class Follower:
    """Follows the events with a durable consumer of its own."""

    async def connect(self):
        nc = await nats.connect(
            URL, user="follower", password="follower-of-the-test", inbox_prefix=b"_INBOX.follower"
        )
        js = nc.jetstream()
        config = ConsumerConfig(durable_name="other_language", ack_policy=AckPolicy.EXPLICIT)
        await js.add_consumer("COUNTERSIGN_yuanlan", config)
        self.subscription = await js.pull_subscribe_bind("other_language", stream="COUNTERSIGN_yuanlan")
        self.seen = []
        return self

    async def until(self, what, wanted):
        for event in self.seen:
            if wanted(event):
                return event
        while True:
            for message in await self.subscription.fetch(16, timeout=20):
                event = json.loads(message.data)
                expect("a CloudEvent", event.get("specversion") == "1.0", event)
                expect("its id is the message's", event["id"] == message.headers["Nats-Msg-Id"], event)
                self.seen.append(event)
                await message.ack()
                if wanted(event):
                    return event


def of(case, name):
    return lambda event: event.get("subject") == case and event["type"] == f"countersign.contract-review.{name}.v1"


async def task_of(desk, person, position, case, at_least):
    inbox = await desk.done("inbox", person, position, at_least=at_least)
    tasks = [item for item in inbox["items"] if item["case"] == case and item["position"] == position]
    expect(f"a task of {position} in {case}", len(tasks) == 1, inbox)
    task = tasks[0]
    return {key: task[key] for key in ("case", "task", "version", "content_hash")}


async def blind_step(crm, follower):
    submitted = await crm.done(
        "submit", "H31", "rep_js1", chain="contract-review", document=contract("PY-1", "300000.01")
    )
    case, at_least = submitted["case"], submitted["sequence"]
    opened = await follower.until("the first task", of(case, "task-opened"))
    expect("a task names its position", opened["data"]["position"] in ("credit_controller", "legal"), opened)

    task = await task_of(crm, "H19", "credit_controller", case, at_least)
    passed = await crm.done("decide", "H19", "credit_controller", verdict="pass", reason="within the line", **task)
    event = await follower.until("the first opinion", of(case, "task-decided"))
    expect("no opinion of a blind step is in the stream", "verdict" not in event["data"], event)
    expect("nor its reason", "within the line" not in json.dumps(event), event)
    seen = await crm.done("case", "H05", "legal", case=case, at_least=passed["sequence"])
    expect("nor in the case", "within the line" not in json.dumps(seen), seen)
    told = await crm.done("timeline", "H05", "legal", case=case, at_least=passed["sequence"])
    expect("nor in the timeline", "within the line" not in json.dumps(told), told)
    for event in follower.seen:
        expect("the step has not closed", not of(case, "step-closed")(event), event)

    task = await task_of(crm, "H05", "legal", case, passed["sequence"])
    await crm.done("decide", "H05", "legal", verdict="pass", **task)
    closed = await follower.until("the step closes", of(case, "step-closed"))
    expect("closing opens the opinions", "within the line" in json.dumps(closed["data"]), closed)
    return case


async def conflicts(crm, case):
    inbox = await crm.done("inbox", "H29", "kam_js")
    task = [item for item in inbox["items"] if item["case"] == case][0]
    task = {key: task[key] for key in ("case", "task", "version", "content_hash")}
    stale = task | {"version": task["version"] + 1}
    await crm.refused("CONFLICT", "decide", "H29", "kam_js", field="version", verdict="pass", **stale)
    other = task | {"content_hash": "00" * 32}
    await crm.refused("CONFLICT", "decide", "H29", "kam_js", field="content_hash", verdict="pass", **other)
    await crm.done("decide", "H29", "kam_js", verdict="pass", **task)
    await crm.refused("CONFLICT", "decide", "H29", "kam_js", verdict="pass", **task)


async def refusals(crm, portal):
    document = contract("PY-2", "250000.00")
    await portal.refused("FORBIDDEN", "submit", "H31", "rep_js1", chain="contract-review", document=document)
    await crm.refused("NOT_HOLDER", "submit", "H31", "kam_js", chain="contract-review", document=document)
    await crm.refused(
        "SKIP_LEVEL", "submit", "H31", "rep_js1", field="addressee",
        chain="contract-review", document=document, addressee="sales_director",
    )
    own = await crm.done("submit", "H25", "bgm_js", chain="contract-review", document=document)
    task = await task_of(crm, "H19", "credit_controller", own["case"], own["sequence"])
    passed = await crm.done("decide", "H19", "credit_controller", verdict="pass", **task)
    task = await task_of(crm, "H24", "region_east_head", own["case"], passed["sequence"])
    await crm.refused("SELF_APPROVAL", "decide", "H25", "bgm_js", verdict="approve", **task)
    await crm.refused("NOT_ASSIGNEE", "decide", "H29", "kam_js", verdict="approve", **task)
    bad = contract("PY-3", "250000.001")
    await crm.refused("AMOUNT_SCALE", "submit", "H31", "rep_js1", chain="contract-review", document=bad)
    number = contract("PY-3", "1.00")
    number["lines"][0]["price"] = 1.10
    await crm.refused("FIELD_TYPE", "submit", "H31", "rep_js1", chain="contract-review", document=number)


async def repeats(crm):
    request = {
        "request_id": "py-repeat", "sent_at": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "person": "H31", "position": "rep_js1", "chain": "contract-review", "document": contract("PY-4", "20000.00"),
    }
    first = await crm.raw("submit", json.dumps(request).encode())
    again = await crm.raw("submit", json.dumps(request).encode())
    expect("the same request gets the same answer", first == again, [first.decode(), again.decode()])
    request["document"] = contract("PY-5", "20000.00")
    reply = json.loads(await crm.raw("submit", json.dumps(request).encode()))
    refused("REQUEST_ID_REUSED", reply, "request_id")


async def malformed(crm):
    reply = json.loads(await crm.raw("submit", b'{"request_id": "m1",\n "sent_at": }'))
    refused("MALFORMED", reply)
    expect("the place of the mistake", reply["error"].get("line") == 2, reply)
    reply = await crm.ask("submit", "H31", "rep_js1", chain="contract-review", document={}, colour="red")
    refused("UNKNOWN_FIELD", reply, "colour")
    reply = await crm.ask("approve-everything", "H31", "rep_js1")
    refused("UNKNOWN_VERB", reply)
    deep = b"[" * 100_000
    refused("TOO_DEEP", json.loads(await crm.raw("submit", b'{"document":' + deep)))
    large = contract("PY-6", "20000.00", standard_text="x" * 100_000)
    await crm.refused("TOO_LARGE", "submit", "H31", "rep_js1", chain="contract-review", document=large)
    try:
        await crm.raw("submit", b" " * (2 << 20))
        raise AssertionError("a message over the server's limit was sent")
    except nats.errors.MaxPayloadError:
        pass


async def main():
    crm, portal = await Desk("crm").connect(), await Desk("portal").connect()
    follower = await Follower().connect()
    case = await blind_step(crm, follower)
    await conflicts(crm, case)
    await refusals(crm, portal)
    await repeats(crm)
    await malformed(crm)
    ids = [event["id"] for event in follower.seen]
    expect("no event comes twice", len(ids) == len(set(ids)), ids)
    print("ok")


asyncio.run(main())
