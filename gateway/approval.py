"""The story of the demo: an approval that four departments review side by side.

Each reviews in a channel of its own, `workflow/approval-N/channel/<department>_review`: it posts
what it finds and patches its document, step by step, all departments at once. One of them fails;
the others neither wait nor suffer. Finished reviews are merged into the workflow, each under its
own key, so that they do not flatten into each other. Then the board decides.
"""

from __future__ import annotations

from typing import Any

import attrs

from ..actors.channel import AppendEntry, FailChannel, MergeChannel, OpenChannel, PatchChannel
from ..actors.ref import ActorRef
from ..actors.system import ActorSystem
from ..actors.workflow import PatchState, PersistState
from ..events.document import Document
from ..events.log import Log

PREFIX = "workflow/approval-"
REQUEST: Document = {"title": "Open the archive to partners", "budget": 48_000, "stage": "review"}


@attrs.frozen
class Finding:
    """One step of a review: what is posted to the channel, and what it adds to the document."""

    step: str
    text: str
    facts: Document


@attrs.frozen
class Review:
    """What a department finds, step by step; `error` is what it fails with then, if it does."""

    department: str
    reviewer: str
    findings: tuple[Finding, ...]
    error: str = ""

    @property
    def channel(self) -> str:
        """The channel it is held in, and the key it is merged under."""
        return f"{self.department}_review"


REVIEWS = (
    Review("technical", "engineer", (
        Finding("assessment", "Fits the services we have", {"complexity": "medium"}),
        Finding("analysis", "Two issues, none critical", {"issues": 2, "critical": 0}),
        Finding("risk", "Low, if it opens in two stages", {"level": "low"}),
        Finding("recommendation", "Approve", {"decision": "approve", "confidence": 0.9}),
    )),
    Review("legal", "counsel", (
        Finding("assessment", "Personal data is touched", {"complexity": "high"}),
        Finding("analysis", "One clause is missing", {"issues": 1, "critical": 0}),
        Finding("risk", "Medium until the clause stands", {"level": "medium"}),
        Finding("recommendation", "Approve with the clause added",
                {"decision": "approve", "condition": "add the clause on personal data"}),
    )),
    Review("business", "analyst", (
        Finding("assessment", "Partners have asked for it", {"complexity": "low"}),
        Finding("analysis", "Costs cannot be compared yet", {"issues": 1, "critical": 1}),
    ), error="this quarter's costs are missing"),
    Review("security", "officer", (
        Finding("assessment", "A new door to the outside", {"complexity": "medium"}),
        Finding("analysis", "Access is not logged", {"issues": 1, "critical": 0}),
        Finding("risk", "Medium without a log of access", {"level": "medium"}),
        Finding("recommendation", "Approve with access logged",
                {"decision": "approve", "condition": "log every access"}),
    )),
)  # fmt: skip


@attrs.frozen
class Version:
    """A state version as the one who made it knows it."""

    version: int
    author: str
    reason: str
    document: Document


@attrs.frozen
class Entry:
    """An entry as its sender knows it; `position` is from the receipt."""

    position: int
    channel: str
    sequence: int
    sender: str
    text: str


@attrs.frozen
class Told:
    """An approval as a whole: every actor's version and state, every version, every entry."""

    root: str
    states: tuple[tuple[str, int, Any], ...]
    versions: tuple[Version, ...]
    entries: tuple[Entry, ...]


def next_approval(log: Log) -> str:
    """The address of the approval after those that a log holds."""
    numbers = [
        int(number)
        for address, _ in log.addresses(PREFIX)
        if (number := address.removeprefix(PREFIX)).isdecimal()
    ]
    return f"{PREFIX}{max(numbers, default=0) + 1}"


def tell(system: ActorSystem, root: str) -> Told:
    """Live through an approval; what comes back is what the system answered, not its log."""
    return _Approval(system, root).run()


class _Approval:
    """An approval under way, and what was heard of it so far."""

    def __init__(self, system: ActorSystem, root: str) -> None:
        self._system = system
        self._root = root
        self._workflow = system.ref(root)
        self._versions: list[Version] = []
        self._entries: list[Entry] = []

    def run(self) -> Told:
        submitted = "submitted for approval"
        self._workflow.ask(PersistState(REQUEST), by="requester", why=submitted)
        self._heard("requester", submitted)
        self._open()
        for step in range(max(len(review.findings) for review in REVIEWS)):
            self._review(step)
        for review in REVIEWS:
            if not review.error:
                self._merge(review)
        self._decide()
        addresses = (self._root, *(f"{self._root}/channel/{each.channel}" for each in REVIEWS))
        actors = (self._system.actor(each) for each in sorted(addresses))
        states = tuple((each.address, each.version, each.state) for each in actors)
        return Told(self._root, states, tuple(self._versions), tuple(self._entries))

    def _open(self) -> None:
        answers = [
            self._channel(review).ask(
                OpenChannel({"department": review.department, "progress": 0.0}),
                block=False, by="coordinator", why=f"{review.department} is to review it",
            )
            for review in REVIEWS
        ]  # fmt: skip
        for answer in answers:
            answer.get()

    def _review(self, step: int) -> None:
        """Let all departments take one step at once: ask them all, then await all answers."""
        posted = [
            (review, *self._post(review, review.findings[step]))
            for review in REVIEWS
            if step < len(review.findings)
        ]
        failing = [
            self._channel(review).ask(
                FailChannel(review.error), block=False, by=review.reviewer, why="cannot go on"
            )
            for review in REVIEWS
            if step == len(review.findings)
        ]
        for review, entry, patch in posted:
            receipt = entry.get()
            patch.get()
            (event,) = receipt.events
            text = event.payload.decode()
            heard = Entry(receipt.position, review.channel, event.sequence, event.sender, text)
            self._entries.append(heard)
        for answer in failing:
            answer.get()

    def _post(self, review: Review, finding: Finding) -> tuple[Any, Any]:
        channel, done = self._channel(review), review.findings.index(finding) + 1
        entry = AppendEntry(finding.text.encode(), sender_sequence=done)
        patch = PatchChannel({finding.step: finding.facts, "progress": done / 4})
        sent = channel.ask(entry, block=False, by=review.reviewer, why=finding.step)
        return sent, channel.ask(patch, block=False, by=review.reviewer, why=finding.step)

    def _merge(self, review: Review) -> None:
        why = f"{review.department} review finished"
        merge = MergeChannel("combine", under=review.channel)
        self._channel(review).ask(merge, by=review.reviewer, why=why)
        self._heard(review.reviewer, why)

    def _decide(self) -> None:
        why = "three of four in favour, one to repeat"
        decision = decided(self._system.actor(self._root).state.document)
        self._workflow.ask(PatchState(decision), by="board", why=why)
        self._heard("board", why)

    def _channel(self, review: Review) -> ActorRef:
        return self._system.ref(f"{self._root}/channel/{review.channel}")

    def _heard(self, author: str, reason: str) -> None:
        state = self._system.actor(self._root).state
        self._versions.append(Version(state.version, author, reason, state.document))


def decided(document: Document) -> Document:
    """What the board makes of the reviews that were merged into the document."""
    reviews = {each.channel: document.get(each.channel) for each in REVIEWS}
    heard = {name: review["recommendation"] for name, review in reviews.items() if review}
    return {
        "stage": "decided",
        "decision": {
            "outcome": "approved with conditions",
            "in_favour": [name for name, each in heard.items() if each["decision"] == "approve"],
            "missing": [name for name, review in reviews.items() if not review],
            "conditions": [each["condition"] for each in heard.values() if "condition" in each],
        },
    }
